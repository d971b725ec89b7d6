/**
 * How glibc's allocator is set in processes that serve (mallopt(3); other C libraries ignore it).
 *
 * By default a thread has an arena of its own, and the size from which on memory is taken from the system piece by piece rises with what was freed: most of what a
 * busy time took would stay with the process for good, in pieces between others. So larger pieces are the system's own, at most so many at once (the system bounds
 * the mappings of a process, and V8 needs some), there are few arenas, and what is free at the end of one goes back from 16 MiB on: to get it again costs more than to keep it.
 */
export const allocatorSettings = {
  MALLOC_ARENA_MAX: "4",
  MALLOC_MMAP_THRESHOLD_: "32768",
  MALLOC_MMAP_MAX_: "16384",
  MALLOC_TRIM_THRESHOLD_: "16777216",
} as const;
