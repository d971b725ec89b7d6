/** The settings of where isolates live. */

/** In the order they are shown. */
export const hostSettings = [
  {
    key: "driver",
    kind: "choice",
    environment: "SELVAGE_NODE_DRIVER",
    flag: "driver",
    default: "process",
    values: ["process", "in-process"],
    description: "Where isolates live: in processes of their own, or in the fronts (trusted code only).",
  },
  {
    key: "hosts",
    kind: "integer",
    environment: "SELVAGE_NODE_HOSTS",
    flag: "hosts",
    default: 1,
    min: 1,
    max: 64,
    description: "Isolate hosts of each front (process driver).",
  },
  {
    key: "hostMemoryMiB",
    kind: "integer",
    environment: "SELVAGE_NODE_HOST_MEMORY_MIB",
    flag: "host-memory-mib",
    default: 1_024,
    min: 256,
    max: 1_048_576,
    description: "Resident memory of an isolate host, beside 4 MiB for each instance; beyond, it is replaced.",
  },
  {
    key: "reservedMemoryMiB",
    kind: "integer",
    environment: "SELVAGE_NODE_RESERVED_MEMORY_MIB",
    flag: "reserved-memory-mib",
    default: 4_096,
    min: 0,
    max: 1_048_576,
    description:
      "Memory for reserved instances, each counted with its memory limit; never more than half of the machine's.",
  },
  {
    key: "sandbox",
    kind: "choice",
    environment: "SELVAGE_NODE_SANDBOX",
    flag: "sandbox",
    default: "auto",
    values: ["auto", "required", "off"],
    description:
      "What stands around isolate hosts beside Node.js' permission model: the strongest that works here, bubblewrap without gaps or no start, or nothing.",
  },
] as const;
