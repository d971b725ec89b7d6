/** The filter, run by a small interpreter of the kernel's classic BPF: what it says about each call. */
import { describe, expect, it } from "vitest";
import { filteredArchitecture, seccompFilter } from "../../../../edge-node/hosts/sandbox/seccomp-filter.ts";

interface Call {
  readonly audit: number;
  readonly number: number;
  readonly argument?: number;
}

const x64 = 0xc000_003e;
const arm64 = 0xc000_00b7;
const allowed = 0x7fff_0000;
const noSuchCall = 0x0005_0000 | 38;
const killed = 0x8000_0000;

/** struct seccomp_data, and the six kinds of instructions that the filter has. */
function judge(program: Uint8Array, { audit, number, argument = 0 }: Call): number {
  const data = Buffer.alloc(64);
  data.writeUInt32LE(number, 0);
  data.writeUInt32LE(audit, 4);
  data.writeUInt32LE(argument, 16);
  const view = Buffer.from(program);
  let accumulator = 0;
  for (let at = 0; at < program.length / 8; at++) {
    const code = view.readUInt16LE(at * 8);
    const [ifTrue, ifFalse, operand] = [view[at * 8 + 2] ?? 0, view[at * 8 + 3] ?? 0, view.readUInt32LE(at * 8 + 4)];
    if (code === 0x06) return operand;
    if (code === 0x20) accumulator = data.readUInt32LE(operand);
    else if (code === 0x15) at += accumulator === operand ? ifTrue : ifFalse;
    else if (code === 0x35) at += accumulator >= operand ? ifTrue : ifFalse;
    else if (code === 0x45) at += (accumulator & operand) === 0 ? ifFalse : ifTrue;
    else throw new Error(`unknown instruction ${code}`);
  }
  throw new Error("the program has no end");
}

describe.each([
  ["x64", x64, { read: 0, mmap: 9, execve: 59, clone: 56, socket: 41, ptrace: 101, io_uring_setup: 425, clone3: 435 }],
  [
    "arm64",
    arm64,
    { read: 63, mmap: 222, execve: 221, clone: 220, socket: 198, ptrace: 117, io_uring_setup: 425, clone3: 435 },
  ],
] as const)("on %s", (architecture, audit, calls) => {
  const program = seccompFilter(architecture);
  const verdict = (number: number, argument?: number): number =>
    judge(program, { audit, number, ...(argument === undefined ? {} : { argument }) });

  it("lets a host do what it needs", () => {
    expect([calls.read, calls.mmap, calls.execve].map((call) => verdict(call))).toEqual([allowed, allowed, allowed]);
  });

  it("knows no sockets, no tracing and no rings", () => {
    const refused = [calls.socket, calls.ptrace, calls.io_uring_setup, calls.clone3];
    expect(refused.map((call) => verdict(call))).toEqual(refused.map(() => noSuchCall));
  });

  it("lets threads be made and no processes", () => {
    expect([verdict(calls.clone, 0x0001_0100), verdict(calls.clone, 0x1200_0011)]).toEqual([allowed, noSuchCall]);
  });

  it("ends a process that calls by another architecture's numbers", () => {
    expect(judge(program, { audit: 0x4000_0003, number: 1 })).toBe(killed);
  });
});

it("the x32 numbers of x64 are none", () => {
  expect(judge(seccompFilter("x64"), { audit: x64, number: 0x4000_0000 })).toBe(noSuchCall);
});

it("there are tables for two architectures", () => {
  expect(["x64", "arm64", "riscv64", ""].map(filteredArchitecture)).toEqual(["x64", "arm64", null, null]);
});
