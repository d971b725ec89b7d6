/**
 * The descriptors of `WebAssembly.Memory` and `WebAssembly.Table`, read once and in the order of the standard
 * (https://webassembly.github.io/spec/js-api/#dictdef-memorydescriptor): V8 gets plain values that cannot change under it.
 */
import { OriginalTypeError, toBigInt, toNumber, toUnsigned64, trunc } from "../../web/wasm/originals.ts";
import { isObject, toDomString } from "../../web/core/webidl.ts";

export interface LimitsDescriptor {
  readonly initial: number;
  readonly maximum: number | null;
  readonly is64: boolean;
}

export interface MemoryDescriptor extends LimitsDescriptor {
  /** Nobody shares it: there is one thread, and modules with shared memories are refused. Its maximum is set. */
  readonly isShared: boolean;
}

export interface TableDescriptor extends LimitsDescriptor {
  readonly element: string;
}

type Fields = Readonly<Record<string, unknown>>;

export function readMemoryDescriptor(value: unknown): MemoryDescriptor {
  const where = "WebAssembly.Memory()";
  const fields = fieldsOf(value, where);
  const limits = readLimits(fields, where);
  const isShared = Boolean(fields["shared"]);
  if (isShared && limits.maximum === null) {
    throw new OriginalTypeError(`${where}: property 'maximum' is required for a shared memory`);
  }
  return { ...limits, isShared };
}

export function readTableDescriptor(value: unknown): TableDescriptor {
  const where = "WebAssembly.Table()";
  const fields = fieldsOf(value, where);
  const element = toDomString(fields["element"]);
  return { element, ...readLimits(fields, where) };
}

function fieldsOf(value: unknown, where: string): Fields {
  if (!isObject(value)) throw new OriginalTypeError(`${where}: argument 0 must be a descriptor`);
  return value as Fields;
}

function readLimits(fields: Fields, where: string): LimitsDescriptor {
  const address = fields["address"];
  const is64 = address !== undefined && readAddress(address, where) === "i64";
  const initial = fields["initial"];
  if (initial === undefined) throw new OriginalTypeError(`${where}: property 'initial' is required`);
  const convert = is64 ? toIndex64 : toIndex32;
  const initialValue = convert(initial, `${where}: property 'initial'`);
  const maximum = fields["maximum"];
  return {
    initial: initialValue,
    maximum: maximum === undefined ? null : convert(maximum, `${where}: property 'maximum'`),
    is64,
  };
}

function readAddress(value: unknown, where: string): "i32" | "i64" {
  const address = toDomString(value);
  if (address === "i32" || address === "i64") return address;
  throw new OriginalTypeError(`${where}: property 'address': received "${address}", allowed i32, i64`);
}

/** `[EnforceRange] unsigned long`. */
function toIndex32(value: unknown, where: string): number {
  // Number() would take a BigInt.
  if (typeof value === "bigint") throw new OriginalTypeError(`${where}: received a BigInt`);
  const number = trunc(toNumber(value));
  if (!(number >= 0 && number <= 0xffff_ffff)) {
    throw new OriginalTypeError(`${where}: received ${number}, allowed 0..4294967295`);
  }
  return number;
}

/** A BigInt of 64 bits; beyond 2^53 as the nearest number, which no limit allows anyhow. */
function toIndex64(value: unknown, where: string): number {
  if (typeof value === "number") throw new OriginalTypeError(`${where}: received a Number, allowed a BigInt`);
  const index = toBigInt(value as bigint);
  if (toUnsigned64(64, index) !== index) throw new OriginalTypeError(`${where}: received ${index}, allowed 64 bits`);
  return toNumber(index);
}
