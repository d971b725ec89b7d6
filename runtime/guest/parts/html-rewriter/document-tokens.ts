/** Doctype and DocumentEnd: what the document's handlers get besides text and comments. */
import { finishInterface } from "../../web/core/interface.ts";
import { type ContentParameters, htmlOf, Liveness, requireLive } from "./content.ts";

export class DoctypeState extends Liveness {
  readonly name: string | null;
  readonly publicId: string | null;
  readonly systemId: string | null;

  /** `source` is the whole token. */
  constructor(source: string) {
    super();
    const parts =
      /^<!doctype[\t\n\f\r ]*([^\t\n\f\r >]+)?[\t\n\f\r ]*(?:(public)|(system))?[\t\n\f\r ]*(?:"([^">]*)|'([^'>]*))?["']?[\t\n\f\r ]*(?:"([^">]*)|'([^'>]*))?/i.exec(
        source,
      );
    const [, name, isPublic, isSystem, first1, first2, second1, second2] = parts ?? [];
    const first = first1 ?? first2 ?? null;
    this.name = name === undefined ? null : name.toLowerCase();
    this.publicId = isPublic === undefined ? null : first;
    this.systemId = isPublic !== undefined ? (second1 ?? second2 ?? null) : isSystem !== undefined ? first : null;
  }
}

export class Doctype {
  readonly #state: DoctypeState;

  constructor(state: DoctypeState) {
    if (!(state instanceof DoctypeState)) throw new TypeError("Illegal constructor");
    this.#state = state;
  }

  get name(): string | null {
    return this.#live().name;
  }
  get publicId(): string | null {
    return this.#live().publicId;
  }
  get systemId(): string | null {
    return this.#live().systemId;
  }

  #live(): DoctypeState {
    requireLive(this.#state);
    return this.#state;
  }
}

export class DocumentEndState extends Liveness {
  appended: string = "";
}

export class DocumentEnd {
  readonly #state: DocumentEndState;

  constructor(state: DocumentEndState) {
    if (!(state instanceof DocumentEndState)) throw new TypeError("Illegal constructor");
    this.#state = state;
  }

  append(...parameters: ContentParameters): this {
    const html = htmlOf(parameters, "append");
    requireLive(this.#state);
    this.#state.appended += html;
    return this;
  }
}

finishInterface(Doctype, "Doctype", { shown: ["name", "publicId", "systemId"] });
finishInterface(DocumentEnd, "DocumentEnd");
