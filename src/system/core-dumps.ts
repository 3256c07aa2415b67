import { writeFileSync } from "node:fs";

/**
 * From now on a core dump of this process, and of what it starts, has nothing of its memory: passphrases are there. Unlike
 * a limit on the size of dumps it holds for those that are piped to a program, too (core(5)). Throws where the kernel
 * has no such file; one without core dumps has none.
 */
export function keepMemoryOutOfCoreDumps(): void {
  writeFileSync("/proc/self/coredump_filter", "0");
}
