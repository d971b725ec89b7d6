/**
 * System calls that an isolate host has no use for, as a filter that the kernel runs before each call (seccomp(2), classic BPF).
 *
 * What is refused seems not to exist (ENOSYS), for which every library has another way; so does all that only an attack on the kernel or on other
 * processes would want, new sockets, and new processes. Pure: the bytes are loaded by whoever starts the host.
 */

export type FilteredArchitecture = "x64" | "arm64";

interface Calls {
  /** AUDIT_ARCH_* of linux/audit.h. */
  readonly audit: number;
  /** Refused whatever their arguments. */
  readonly refused: Readonly<Record<string, number>>;
  /** Allowed with CLONE_THREAD only: threads, no processes. */
  readonly clone: number;
}

/** From the kernel's asm/unistd_64.h and asm-generic/unistd.h. */
const architectures: Readonly<Record<FilteredArchitecture, Calls>> = {
  x64: {
    audit: 0xc000_003e,
    clone: 56,
    refused: {
      socket: 41,
      connect: 42,
      accept: 43,
      bind: 49,
      listen: 50,
      socketpair: 53,
      fork: 57,
      vfork: 58,
      ptrace: 101,
      syslog: 103,
      mknod: 133,
      mknodat: 259,
      personality: 135,
      pivot_root: 155,
      chroot: 161,
      acct: 163,
      mount: 165,
      umount2: 166,
      swapon: 167,
      swapoff: 168,
      reboot: 169,
      sethostname: 170,
      setdomainname: 171,
      iopl: 172,
      ioperm: 173,
      init_module: 175,
      delete_module: 176,
      quotactl: 179,
      kexec_load: 246,
      add_key: 248,
      request_key: 249,
      keyctl: 250,
      unshare: 272,
      vmsplice: 278,
      accept4: 288,
      perf_event_open: 298,
      fanotify_init: 300,
      name_to_handle_at: 303,
      open_by_handle_at: 304,
      setns: 308,
      process_vm_readv: 310,
      process_vm_writev: 311,
      kcmp: 312,
      finit_module: 313,
      memfd_create: 319,
      kexec_file_load: 320,
      bpf: 321,
      userfaultfd: 323,
      io_uring_setup: 425,
      io_uring_enter: 426,
      io_uring_register: 427,
      open_tree: 428,
      move_mount: 429,
      fsopen: 430,
      fsconfig: 431,
      fsmount: 432,
      fspick: 433,
      pidfd_open: 434,
      clone3: 435,
      pidfd_getfd: 438,
      process_madvise: 440,
      mount_setattr: 442,
    },
  },
  arm64: {
    audit: 0xc000_00b7,
    clone: 220,
    refused: {
      umount2: 39,
      mount: 40,
      pivot_root: 41,
      mknodat: 33,
      chroot: 51,
      quotactl: 60,
      vmsplice: 75,
      acct: 89,
      personality: 92,
      unshare: 97,
      kexec_load: 104,
      init_module: 105,
      delete_module: 106,
      syslog: 116,
      ptrace: 117,
      reboot: 142,
      sethostname: 161,
      setdomainname: 162,
      socket: 198,
      socketpair: 199,
      bind: 200,
      listen: 201,
      accept: 202,
      connect: 203,
      add_key: 217,
      request_key: 218,
      keyctl: 219,
      swapon: 224,
      swapoff: 225,
      perf_event_open: 241,
      accept4: 242,
      fanotify_init: 262,
      name_to_handle_at: 264,
      open_by_handle_at: 265,
      setns: 268,
      process_vm_readv: 270,
      process_vm_writev: 271,
      kcmp: 272,
      finit_module: 273,
      memfd_create: 279,
      bpf: 280,
      userfaultfd: 282,
      kexec_file_load: 294,
      io_uring_setup: 425,
      io_uring_enter: 426,
      io_uring_register: 427,
      open_tree: 428,
      move_mount: 429,
      fsopen: 430,
      fsconfig: 431,
      fsmount: 432,
      fspick: 433,
      pidfd_open: 434,
      clone3: 435,
      pidfd_getfd: 438,
      process_madvise: 440,
      mount_setattr: 442,
    },
  },
};

const CLONE_THREAD = 0x0001_0000;
/** Calls of the x32 interface share the architecture's number and have this bit. */
const X32 = 0x4000_0000;
const ENOSYS = 38;

// linux/bpf_common.h, linux/seccomp.h.
const LOAD_WORD = 0x20;
const JUMP_EQUAL = 0x15;
const JUMP_GREATER_OR_EQUAL = 0x35;
const JUMP_SET = 0x45;
const RETURN = 0x06;
const RETURN_ALLOW = 0x7fff_0000;
const RETURN_ERRNO = 0x0005_0000;
const RETURN_KILL_PROCESS = 0x8000_0000;
/** Offsets in struct seccomp_data; both architectures are little-endian. */
const AT_CALL = 0;
const AT_ARCHITECTURE = 4;
const AT_FIRST_ARGUMENT = 16;

interface Instruction {
  readonly code: number;
  readonly ifTrue: number;
  readonly ifFalse: number;
  readonly operand: number;
}

/** The program in the kernel's form: an array of `struct sock_filter`, 8 bytes each. */
export function seccompFilter(architecture: FilteredArchitecture): Uint8Array {
  const { audit, refused, clone } = architectures[architecture];
  const instructions = [
    load(AT_ARCHITECTURE),
    jump(JUMP_EQUAL, audit, { ifTrue: 1, ifFalse: 0 }),
    give(RETURN_KILL_PROCESS),
    load(AT_CALL),
    ...(architecture === "x64"
      ? [jump(JUMP_GREATER_OR_EQUAL, X32, { ifTrue: 0, ifFalse: 1 }), give(RETURN_ERRNO | ENOSYS)]
      : []),
    ...Object.values(refused).flatMap((call) => [
      jump(JUMP_EQUAL, call, { ifTrue: 0, ifFalse: 1 }),
      give(RETURN_ERRNO | ENOSYS),
    ]),
    jump(JUMP_EQUAL, clone, { ifTrue: 0, ifFalse: 3 }),
    load(AT_FIRST_ARGUMENT),
    jump(JUMP_SET, CLONE_THREAD, { ifTrue: 1, ifFalse: 0 }),
    give(RETURN_ERRNO | ENOSYS),
    give(RETURN_ALLOW),
  ];
  const bytes = Buffer.alloc(instructions.length * 8);
  for (const [index, { code, ifTrue, ifFalse, operand }] of instructions.entries()) {
    bytes.writeUInt16LE(code, index * 8);
    bytes.writeUInt8(ifTrue, index * 8 + 2);
    bytes.writeUInt8(ifFalse, index * 8 + 3);
    bytes.writeUInt32LE(operand >>> 0, index * 8 + 4);
  }
  return bytes;
}

/** Null: there is no table for it. */
export function filteredArchitecture(architecture: string): FilteredArchitecture | null {
  return architecture === "x64" || architecture === "arm64" ? architecture : null;
}

function load(offset: number): Instruction {
  return { code: LOAD_WORD, ifTrue: 0, ifFalse: 0, operand: offset };
}

function jump(
  code: number,
  operand: number,
  { ifTrue, ifFalse }: { readonly ifTrue: number; readonly ifFalse: number },
): Instruction {
  return { code, ifTrue, ifFalse, operand };
}

function give(value: number): Instruction {
  return { code: RETURN, ifTrue: 0, ifFalse: 0, operand: value };
}
