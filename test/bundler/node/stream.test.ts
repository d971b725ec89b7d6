import { afterAll, beforeAll, expect, it } from "vitest";
import type { LocalDriver } from "../../../runtime/local-driver.ts";
import { differences } from "./compare-with-node.ts";
import { startDriver } from "./run-function.ts";

let driver: LocalDriver;
beforeAll(async () => {
  driver = await startDriver();
});
afterAll(async () => {
  await driver.close();
});

const collect =
  "async (s) => { const all = []; for await (const x of s) all.push(typeof x === 'object' && x.buffer ? String(x) : x); return all; }";
const upper =
  "new m.Transform({ transform(c, e, done) { done(null, String(c).toUpperCase()); }, flush(done) { this.push('!'); done(); } })";

it.each([
  [
    "readables",
    [
      `(${collect})(m.Readable.from(["a", "b"]))`,
      `(${collect})(m.Readable.from((async function* () { yield 1; await null; yield 2; })()))`,
      `(${collect})(new m.Readable({ read() { this.push("x"); this.push(null); } }))`,
      `(${collect})(new m.Readable({ read() { this.destroy(new RangeError("x")); } }))`,
      `(${collect})(m.Readable.from([1, 2, 3]).map((x) => x * 2).filter((x) => x > 2))`,
      "m.Readable.from([1, 2, 3]).reduce((a, b) => a + b)",
      "m.Readable.from([1, 2, 3]).take(2).toArray()",
      "new Promise((done) => { const r = new m.Readable({ read() {} }); r.setEncoding('utf8'); const all = []; r.on('data', (x) => all.push(x)).on('end', () => done(all)); r.push(Buffer.from([0xc3])); r.push(Buffer.from([0xa9])); r.push(null); })",
      "(() => { const r = new m.Readable({ highWaterMark: 3, read() {} }); return [r.push('ab'), r.push('cd'), r.readableLength, r.readableFlowing]; })()",
      "new Promise((done) => { const r = m.Readable.from(['ab', 'cd'], { objectMode: false }); r.once('readable', () => done([String(r.read(1)), String(r.read())])); })",
    ],
  ],
  [
    "writables and transforms",
    [
      "new Promise((done) => { const all = []; const w = new m.Writable({ write(c, e, next) { all.push(String(c), e); next(); }, final(next) { all.push('final'); next(); } }); w.on('finish', () => done(all)); w.write('a'); w.end('b'); })",
      "new Promise((done) => { const w = new m.Writable({ highWaterMark: 2, write(c, e, next) { setTimeout(next, 1); } }); const full = w.write('abc'); w.on('drain', () => done([full, w.writableLength])); })",
      "new Promise((done) => { const w = new m.Writable({ write(c, e, next) { next(new RangeError('x')); } }); w.on('error', (e) => done([e.name, w.destroyed])); w.write('a'); })",
      "new Promise((done) => { const w = new m.Writable({ write(c, e, next) { next(); } }); w.end(); w.on('error', (e) => done(e.code)); w.write('late'); })",
      `(async () => { const t = ${upper}; t.write("a"); t.end("b"); return (${collect})(t); })()`,
      `(async () => { const p = new m.PassThrough(); p.end("x"); return (${collect})(p); })()`,
      "new Promise((done) => { const w = new m.Writable({ writev(chunks, next) { done(chunks.length); next(); }, write(c, e, next) { setTimeout(next, 1); } }); w.cork(); w.write('a'); w.write('b'); w.uncork(); })",
    ],
  ],
  [
    "pipeline, finished, compose",
    [
      `(async () => { const out = []; await m.promises.pipeline(m.Readable.from(["a", "b"]), ${upper}, async (source) => { for await (const x of source) out.push(String(x)); }); return out; })()`,
      `new Promise((done) => m.pipeline(m.Readable.from(["a"]), new m.Writable({ write(c, e, next) { next(new RangeError("x")); } }), (e) => done(e.name)))`,
      "m.promises.pipeline(m.Readable.from(['a']), async function* (s) { for await (const x of s) yield x; }, new m.PassThrough(), { signal: AbortSignal.abort() })",
      "m.promises.finished(m.Readable.from([]).resume())",
      "new Promise((done) => { const r = new m.Readable({ read() {} }); m.finished(r, (e) => done(e.code)); r.destroy(); })",
      `(async () => (${collect})(m.compose(m.Readable.from(["a"]), ${upper})))()`,
      "new Promise((done) => { const r = new m.Readable({ read() {} }); const c = new AbortController(); m.addAbortSignal(c.signal, r); r.on('error', (e) => done(e.name)); c.abort(); })",
      "new Promise((done) => { const p = new m.PassThrough(); const all = []; m.Readable.from(['a', 'b'], { objectMode: false }).pipe(p).on('data', (x) => all.push(String(x))).on('end', () => done(all)); })",
    ],
  ],
  [
    "web streams",
    [
      `(async () => (${collect})(m.Readable.toWeb(m.Readable.from([{ a: 1 }, 2]))))()`,
      "(async () => new Response(m.Readable.toWeb(m.Readable.from([Buffer.from('a'), Buffer.from('b')], { objectMode: false }))).text())()",
      "(async () => { const r = new m.Readable({ read() { this.destroy(new RangeError('x')); } }); return m.Readable.toWeb(r).getReader().read(); })()",
      "(async () => { let gone; const r = new m.Readable({ read() {}, destroy(e, next) { gone = true; next(); } }); await m.Readable.toWeb(r).cancel(); return gone; })()",
      `(async () => (${collect})(m.Readable.fromWeb(new Response("abc").body)))()`,
      `(async () => (${collect})(m.Readable.fromWeb(new ReadableStream({ start(c) { c.enqueue({ a: 1 }); c.close(); } }), { objectMode: true })))()`,
      `(async () => (${collect})(m.Readable.fromWeb(new ReadableStream({ pull(c) { c.error(new RangeError("x")); } }))))()`,
      "(async () => { let why = 'none'; const r = m.Readable.fromWeb(new ReadableStream({ cancel(reason) { why = String(reason); } })); r.on('error', () => 0); r.destroy(new RangeError('x')); await new Promise((done) => r.on('close', done)); return why; })()",
      "(async () => { const all = []; const w = m.Writable.toWeb(new m.Writable({ write(c, e, next) { all.push(String(c)); next(); }, final(next) { all.push('final'); next(); } })).getWriter(); await w.write(Buffer.from('a')); await w.close(); return all; })()",
      "(async () => { const w = m.Writable.toWeb(new m.Writable({ write(c, e, next) { next(new RangeError('x')); } })).getWriter(); w.closed.catch(() => 0); await w.write(Buffer.from('a')); await w.closed; })()",
      "(async () => { const all = []; const w = m.Writable.fromWeb(new WritableStream({ write(c) { all.push(String(Buffer.from(c))); }, close() { all.push('close'); } })); w.write('a'); w.end('b'); await m.promises.finished(w); return all; })()",
      "(async () => { let why; const w = m.Writable.fromWeb(new WritableStream({ abort(reason) { why = reason.name; } })); w.on('error', () => 0); w.destroy(new RangeError('x')); await new Promise((done) => w.on('close', done)); return why; })()",
      `(async () => { const { readable, writable } = m.Duplex.toWeb(${upper}); const w = writable.getWriter(); w.write(Buffer.from("a")); w.close(); return (${collect})(readable); })()`,
      `(async () => { const t = new TransformStream(); const d = m.Duplex.fromWeb(t, { encoding: "utf8" }); d.end("abc"); return (${collect})(d); })()`,
    ],
  ],
  [
    "the module",
    [
      "[typeof m, m.Stream === m, m.Readable.name, m.Transform.name, new m.Duplex() instanceof m.Readable, new m.Duplex() instanceof m.Writable, new m() instanceof m, new m.Readable() instanceof m]",
      "(() => { class A extends m.Readable { _read() { this.push(null); } } return new A().read(); })()",
      "(() => { function A() { m.Transform.call(this); } Object.setPrototypeOf(A.prototype, m.Transform.prototype); return new A().readable; })()",
      "[m.isReadable(m.Readable.from([])), m.isErrored(m.Readable.from([])), m.isDisturbed(m.Readable.from([]))]",
      "m.getDefaultHighWaterMark(true)",
    ],
  ],
])("%s", async (_name, expressions) => {
  expect(await differences(driver, "stream", expressions)).toEqual([]);
});

it("stream/consumers", async () => {
  const { length } = await differences(driver, "stream/consumers", [
    "m.text(['a', Buffer.from('é')])",
    "m.json(new Response('[1]').body)",
    "(async () => [...new Uint8Array(await m.arrayBuffer(['ab']))])()",
    "(async () => (await m.buffer(['ab'])).toString('hex'))()",
    "(async () => (await m.blob(['ab'])).size)()",
    "m.json(['{'])",
  ]);
  expect(length).toBe(0);
});
