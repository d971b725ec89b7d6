/** The npm packages behind some of these modules, as far as they are used here; they bring no types of their own. */
declare module "events/events.js" {
  type Listener = (...values: never[]) => unknown;
  type EventName = string | symbol;
  export class EventEmitter {
    static defaultMaxListeners: number;
    static once(emitter: EventEmitter | EventTarget, name: EventName): Promise<unknown[]>;
    emit(name: EventName, ...values: unknown[]): boolean;
    on(name: EventName, listener: Listener): this;
    off(name: EventName, listener: Listener): this;
    once(name: EventName, listener: Listener): this;
    listeners(name: EventName): unknown[];
    listenerCount(name: EventName): number;
    getMaxListeners(): number;
    setMaxListeners(count: number): this;
  }
}

declare module "string_decoder/lib/string_decoder.js" {
  export interface StringDecoder {
    encoding: string;
    write(bytes: Uint8Array): string;
    end(bytes?: Uint8Array): string;
  }
  export const StringDecoder: {
    readonly prototype: object;
    call(target: StringDecoder, encoding: string | undefined): void;
  };
}

declare module "path-browserify" {
  type PathFunction = (...values: string[]) => string;
  const path: Readonly<
    Record<"basename" | "dirname" | "extname" | "join" | "normalize" | "relative" | "resolve", PathFunction>
  > & {
    readonly isAbsolute: (path: string) => boolean;
    readonly sep: string;
    readonly delimiter: string;
    readonly parse: (path: string) => Readonly<Record<string, string>>;
    readonly format: (parts: Readonly<Record<string, string>>) => string;
  };
  export default path;
}

declare module "url/url.js" {
  export class Url {
    href: string | null;
    format(): string;
  }
  const url: {
    readonly Url: typeof Url;
    parse(url: unknown, parseQueryString?: boolean, slashesDenoteHost?: boolean): Url;
    resolve(from: string, to: string): string;
    resolveObject(from: string | Url, to: string): Url;
    format(url: unknown): string;
  };
  export default url;
}

declare module "readable-stream/lib/stream.js" {
  export type Callback = (error?: unknown, value?: unknown) => void;
  interface StreamOptions {
    readonly objectMode?: boolean;
    readonly readableObjectMode?: boolean;
    readonly writableObjectMode?: boolean;
    readonly highWaterMark?: number;
    readonly encoding?: string;
    readonly decodeStrings?: boolean;
    readonly signal?: AbortSignal;
    readonly allowHalfOpen?: boolean;
    readonly read?: (this: NodeStream) => void;
    readonly write?: (this: NodeStream, chunk: unknown, encoding: string, callback: Callback) => void;
    readonly final?: (this: NodeStream, callback: Callback) => void;
    readonly destroy?: (this: NodeStream, error: unknown, callback: Callback) => void;
  }
  export interface NodeStream extends AsyncIterable<unknown> {
    readonly readable: boolean;
    readonly writable: boolean;
    readonly readableObjectMode: boolean;
    readonly writableObjectMode: boolean;
    readonly destroyed: boolean;
    push(chunk: unknown): boolean;
    write(chunk: unknown, callback: Callback): boolean;
    end(): void;
    destroy(error?: unknown): void;
    on(name: string, listener: (error?: unknown) => void): this;
  }
  type StreamClass = (new (options?: StreamOptions) => NodeStream) & Record<string, unknown>;
  const stream: Record<string, unknown> & {
    readonly Readable: StreamClass;
    readonly Writable: StreamClass;
    readonly Duplex: StreamClass;
    readonly Transform: StreamClass;
    readonly PassThrough: StreamClass;
    readonly finished: (stream: NodeStream, options: object, callback: Callback) => () => void;
    readonly promises: Readonly<Record<string, unknown>>;
  };
  export default stream;
}

declare module "punycode/punycode.es6.js" {
  const punycode: Readonly<Record<string, unknown>> & { readonly toUnicode: (domain: string) => string };
  export default punycode;
}
