// attack: memory: Intl objects, each with data outside of the heap
// limits: cpuMs=3000 fetchWallMs=6000
export default {
  fetch() {
    const kept = [];
    const locales = ["en", "de", "ja", "ar-EG", "th-TH-u-ca-buddhist", "zh-Hant", "hi", "fa"];
    for (let index = 0; ; index++) {
      const locale = locales[index % locales.length];
      kept.push(
        new Intl.DateTimeFormat(locale, { dateStyle: "full", timeStyle: "full" }),
        new Intl.NumberFormat(locale, { style: "currency", currency: "EUR" }),
        new Intl.Collator(locale),
        new Intl.Segmenter(locale, { granularity: "word" }),
        new Intl.DisplayNames(locale, { type: "region" }),
        new Intl.RelativeTimeFormat(locale),
      );
    }
  },
};
