import { writeFileSync } from "node:fs";
import { nativeAddon } from "../native/native.ts";

/**
 * From now on there is no core dump of this process: passphrases are in its memory, and in the registers of its threads,
 * which stand in a dump whatever is left out otherwise. Unlike a limit on the size it holds for dumps that are piped to a
 * program, too (core(5), PR_SET_DUMPABLE(2const)). What it starts may leave dumps, without memory. Throws where the kernel
 * has no such file; one without core dumps has none.
 */
export function forbidCoreDumps(): void {
  // First: files of a process that leaves no dump belong to root.
  writeFileSync("/proc/self/coredump_filter", "0");
  nativeAddon().setDumpable(false);
}
