/** The part that the app uses: the package's own types want those of Node.js, which functions do not have. */
declare module "jsonwebtoken" {
  interface Complete {
    readonly header: object;
    readonly payload: object;
    readonly signature: string;
  }
  const jwt: {
    sign(payload: object, secret: string, options?: { noTimestamp?: boolean }): string;
    verify(token: string, secret: string, options?: { algorithms?: readonly string[] }): object;
    decode(token: string, options: { complete: true }): Complete | null;
  };
  export default jwt;
}
