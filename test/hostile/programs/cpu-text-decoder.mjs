// attack: CPU: legacy encodings of hundreds of MiB in single calls
export default {
  fetch() {
    const bytes = new Uint8Array(60_000_000).map((_, index) => (index * 7) % 256);
    let length = 0;
    for (const label of ["gb18030", "big5", "shift_jis", "euc-kr", "iso-2022-jp", "windows-1252"]) {
      length += new TextDecoder(label).decode(bytes).length;
    }
    return new Response(String(length));
  },
};
