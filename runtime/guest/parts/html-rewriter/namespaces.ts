/**
 * Which namespace an element is in, and which elements leave SVG or MathML (https://html.spec.whatwg.org/#tree-construction and
 * §13.2.6.5), as far as a start tag alone can tell.
 */

export type Namespace = "html" | "svg" | "math";

export const namespaceUris: Readonly<Record<Namespace, string>> = {
  html: "http://www.w3.org/1999/xhtml",
  svg: "http://www.w3.org/2000/svg",
  math: "http://www.w3.org/1998/Math/MathML",
};

/** What is asked of an open element. */
export interface Place {
  readonly name: string;
  readonly namespace: Namespace;
  /** An annotation-xml whose encoding says that HTML is in it. */
  readonly holdsHtml: boolean;
}

/** HTML elements that never hold anything. */
export const voidElements: ReadonlySet<string> = new Set(
  "area base basefont bgsound br col embed frame hr img input keygen link meta param source track wbr".split(" "),
);

const breakouts: ReadonlySet<string> = new Set(
  (
    "b big blockquote body br center code dd div dl dt em embed h1 h2 h3 h4 h5 h6 head hr i img li listing menu meta nobr ol p pre " +
    "ruby s small span strong strike sub sup table tt u ul var"
  ).split(" "),
);

/** The namespace of an element `name` inside `parent`; null when it first ends `parent`, which is in another. */
export function namespaceIn(
  parent: Place | null,
  name: string,
  tag: { attribute(name: string): string | null },
): Namespace | null {
  if (parent === null || takesHtml(parent, name)) return name === "svg" ? "svg" : name === "math" ? "math" : "html";
  const isFont = name === "font" && ["color", "face", "size"].some((key) => tag.attribute(key) !== null);
  return breakouts.has(name) || isFont ? null : parent.namespace;
}

/** Whether the element `name` in `place` is read as HTML. */
function takesHtml(place: Place, name: string): boolean {
  switch (place.namespace) {
    case "html":
      return true;
    case "svg":
      return place.name === "foreignobject" || place.name === "desc" || place.name === "title";
    case "math":
      if (place.name === "annotation-xml") return place.holdsHtml || name === "svg";
      return /^m[inos]$|^mtext$/.test(place.name) && name !== "mglyph" && name !== "malignmark";
  }
}

/** Whether an end tag `</br>` or `</p>` ends `place`, as a start tag would. */
export function endTagBreaksOut(place: Place, name: string): boolean {
  return (name === "p" || name === "br") && !takesHtml(place, name);
}

/** Whether an annotation-xml with this encoding holds HTML. */
export function encodingHoldsHtml(encoding: string | null): boolean {
  const lower = encoding?.toLowerCase();
  return lower === "text/html" || lower === "application/xhtml+xml";
}
