// attack: CPU: collation and segmentation of long texts in single calls
export default {
  fetch() {
    const text = "äöüß 漢字 ภาษาไทย ".repeat(500_000);
    const collator = new Intl.Collator("de", { sensitivity: "base", numeric: true });
    const segmenter = new Intl.Segmenter("th", { granularity: "word" });
    for (;;) {
      collator.compare(text, `${text}x`);
      text.localeCompare(text.toLocaleUpperCase("tr"));
      for (const part of segmenter.segment(text)) if (part.index < 0) return new Response("never");
    }
  },
};
