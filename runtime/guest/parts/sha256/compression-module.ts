/**
 * A WebAssembly module with SHA-256's compression function (FIPS 180-4 §6.2.2) and nothing else, assembled here: `compress(from, end)` takes the 64-byte
 * blocks of its memory from `from` to before `end` into the eight words at `stateAt`. Padding and byte order of the result are the caller's.
 *
 * The message schedule is computed four words at a time (SIMD), 16 rounds are written out. For 1 KiB that takes two thirds of what compiled C takes (DECISIONS.md).
 * Invariant: at least one block is taken; the caller keeps both ends within the memory's one page.
 */
import { i32, v128, WasmCode } from "./wasm-code.ts";

/** Where the state is: eight words in the machine's own order. */
export const stateAt = 0;
/** Where the caller puts `roundConstants`, 64 words. */
export const constantsAt = 64;
/** The words of the schedule with their constants added, for the rounds. */
const scheduleAt = 320;
/** Where messages may begin. */
export const messageAt = 640;
export const memoryBytes = 65_536;

/** Locals after the two parameters: words of the rounds, then vectors of the schedule. */
const [from, end] = [0, 1];
const firstWord = 2;
const [sum, bitsOdd, bitsEven] = [10, 11, 12];
/** Bytes of the schedule that the rounds before used up. */
const at = 13;
const [firstVector, vectorA, vectorB] = [14, 18, 19];
/** Of 16 rounds, after which everything is in its place again. */
const passBytes = 64;

/** The bytes of the module; it exports `memory` and `compress`. */
export function compressionModule(): Uint8Array<ArrayBuffer> {
  const body = new WasmCode();
  body.put(2, firstVector - firstWord, i32, vectorB - firstVector + 1, v128);
  writeBlockLoop(body);
  body.put(0x0b);
  const module = new WasmCode();
  module.put(0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00);
  module.section(1, [1, 0x60, 2, i32, i32, 0]);
  module.section(3, [1, 0]);
  module.section(5, [1, 1, 1, 1]);
  module.section(7, [2, ...name("memory"), 2, 0, ...name("compress"), 0, 0]);
  const content = new WasmCode();
  content.put(1);
  content.unsigned(body.bytes().length);
  content.append(body.bytes());
  module.section(10, content.bytes());
  return module.bytes();
}

function writeBlockLoop(code: WasmCode): void {
  // Written once and used twice: writing is most of what loading the part takes.
  const rounds = [0, 1, 2, 3].map((quad) => roundsOf(quad));
  code.put(0x03, 0x40);
  code.constant(0).set(at);
  for (let quad = 0; quad < 4; quad += 1) {
    writeMessage(code, quad);
    writeSums(code, quad * 16, quad);
  }
  for (let word = 0; word < 8; word += 1)
    code
      .constant(0)
      .load(stateAt + word * 4)
      .set(firstWord + word);
  // Of the round before the first: where b and c differ.
  code
    .get(firstWord + 1)
    .get(firstWord + 2)
    .xor()
    .set(bitsOdd);
  code.put(0x03, 0x40);
  for (let quad = 0; quad < 4; quad += 1) {
    writeExtension(code, quad);
    writeSums(code, passBytes + quad * 16, quad);
    code.append(rounds[quad] as Uint8Array);
  }
  code
    .get(at)
    .constant(passBytes)
    .add()
    .tee(at)
    .constant(3 * passBytes)
    .put(0x47, 0x0d, 0, 0x0b);
  for (const four of rounds) code.append(four);
  for (let word = 0; word < 8; word += 1) {
    code
      .constant(0)
      .constant(0)
      .load(stateAt + word * 4);
    code
      .get(firstWord + word)
      .add()
      .put(0x36, 2, stateAt + word * 4);
  }
  code.get(from).constant(64).add().tee(from).get(end).put(0x49, 0x0d, 0, 0x0b);
}

/** Four big-endian words of the block. */
function writeMessage(code: WasmCode, quad: number): void {
  const reversed = [3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12];
  code
    .get(from)
    .simd(0)
    .put(4, quad * 16);
  code.set(vectorA).get(vectorA).get(vectorA).shuffle(reversed).set(vectorOf(quad));
}

/** Four words of the schedule with their constants, into memory. */
function writeSums(code: WasmCode, offset: number, quad: number): void {
  code.get(at).get(vectorOf(quad));
  code
    .get(at)
    .simd(0)
    .put(4)
    .unsigned(constantsAt + offset);
  code
    .addVectors()
    .simd(11)
    .put(4)
    .unsigned(scheduleAt + offset);
}

/**
 * The next four words of the schedule, in place of the words of 16 before. Each is the sum of the one of 16 before, σ0 of 15 before, the one of 7
 * before and σ1 of 2 before.
 */
function writeExtension(code: WasmCode, quad: number): void {
  const [oldest, older, newer, newest] = [vectorOf(quad), vectorOf(quad + 1), vectorOf(quad + 2), vectorOf(quad + 3)];
  code.get(oldest).get(older).shuffle(bytesFrom(4)).set(vectorA);
  code.get(oldest);
  writeSigma(code, [7, 18, 3]);
  code.addVectors().get(newer).get(newest).shuffle(bytesFrom(4)).addVectors().set(vectorB);
  // σ1 of the third and fourth needs the first and second; σ1 of zero is zero.
  code.get(newest).zeros().shuffle(bytesFrom(8)).set(vectorA).get(vectorB);
  writeSigma(code, [17, 19, 10]);
  code.addVectors().set(vectorB);
  code.zeros().get(vectorB).shuffle([0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23]).set(vectorA);
  code.get(vectorB);
  writeSigma(code, [17, 19, 10]);
  code.addVectors().set(oldest);
}

/** Of each word of vector A: two rotations and a shift to the right, together. */
function writeSigma(code: WasmCode, [first, second, third]: readonly [number, number, number]): void {
  for (const bits of [first, second]) {
    code.get(vectorA).constant(bits).shiftRight();
    code
      .get(vectorA)
      .constant(32 - bits)
      .shiftLeft()
      .orVectors();
  }
  code.xorVectors().get(vectorA).constant(third).shiftRight().xorVectors();
}

/** Four rounds; `quad` is 0..3. */
function roundsOf(quad: number): Uint8Array {
  const code = new WasmCode();
  for (let round = quad * 4; round < quad * 4 + 4; round += 1) {
    const word = (place: number): number => firstWord + ((place - round + 16) & 7);
    const [a, b, d, e, f, g, h] = [word(0), word(1), word(3), word(4), word(5), word(6), word(7)];
    code
      .get(h)
      .get(at)
      .load(scheduleAt + round * 4)
      .add();
    writeRotations(code, e, [6, 11, 25]);
    code.add().get(f).get(g).xor().get(e).and().get(g).xor().add().set(sum);
    code.get(d).get(sum).add().set(d).get(sum);
    writeRotations(code, a, [2, 13, 22]);
    // The majority of a, b and c is b, but c where a and b differ and b and c do. Where a and b differ is where b and c do in the next round.
    const [differ, before] = round % 2 === 0 ? [bitsEven, bitsOdd] : [bitsOdd, bitsEven];
    code.add().get(a).get(b).xor().tee(differ).get(before).and().get(b).xor().add().set(h);
  }
  return code.bytes();
}

function writeRotations(code: WasmCode, word: number, by: readonly [number, number, number]): void {
  for (const bits of by) code.get(word).constant(bits).rotate();
  code.xor().xor();
}

function vectorOf(quad: number): number {
  return firstVector + (quad & 3);
}

/** 16 bytes of two vectors one behind the other. */
function bytesFrom(first: number): readonly number[] {
  return Array.from({ length: 16 }, (_, index) => first + index);
}

function name(text: string): readonly number[] {
  return [text.length, ...Array.from(text, (character) => character.charCodeAt(0))];
}

const primes = firstPrimes(64);

/** The first 32 bits of the fractional parts of the square roots of the first 8 primes (FIPS 180-4 §5.3.3). */
export const initialState: readonly number[] = primes.slice(0, 8).map((prime) => fractionOf(Math.sqrt(prime)));
/** …and of the cube roots of the first 64 (§4.2.2). */
export const roundConstants: readonly number[] = primes.map((prime) => fractionOf(Math.cbrt(prime)));

function fractionOf(root: number): number {
  return Math.floor((root - Math.floor(root)) * 2 ** 32);
}

function firstPrimes(count: number): readonly number[] {
  const primes: number[] = [];
  for (let candidate = 2; primes.length < count; candidate += 1) {
    if (primes.every((prime) => candidate % prime !== 0)) primes.push(candidate);
  }
  return primes;
}
