/** How hard each coding tries, and with how much memory: levels for the fly, windows of at most 512 KiB. */
import { constants, type BrotliOptions, type ZlibOptions, type ZstdOptions } from "node:zlib";

export const zlibOptions: { readonly gzip: ZlibOptions; readonly br: BrotliOptions; readonly zstd: ZstdOptions } = {
  gzip: { level: 6 },
  br: { params: { [constants.BROTLI_PARAM_QUALITY]: 4, [constants.BROTLI_PARAM_LGWIN]: 19 } },
  zstd: { params: { [constants.ZSTD_c_compressionLevel]: 3, [constants.ZSTD_c_windowLog]: 19 } },
};
