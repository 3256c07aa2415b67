import { writeFileSync } from "node:fs";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { nativeAddon } from "../native/native.ts";

type Collect = (options?: { readonly type: "minor" }) => void;
let collect: Collect | undefined;

/**
 * Collects garbage now and gives the memory back to the system. V8 does so by itself only while something runs, malloc
 * only from the end of its memory, and a daemon that has gone idle after a burst would keep the memory of the burst.
 * Takes some ten milliseconds: for idle moments.
 */
export function releaseMemory(): void {
  collect ??= collector();
  // Which pages hold little is known from the collection before; and only with this flag are half empty ones worth
  // emptying to V8, where one object in use would keep each of them.
  setFlagsFromString("--optimize-for-size");
  collect();
  collect();
  setFlagsFromString("--no-optimize-for-size");
  nativeAddon().trimMalloc();
}

/** The new space's limit, as bin/fairleadd gives it to Node (--max-semi-space-size). */
const newSpaceBytes = 1024 * 1024;

/**
 * Makes room for a burst: the new space is emptied by a minor collection and brought into memory, so that the burst
 * neither stops for a collection nor pays a page fault for each 4 KiB. Takes a millisecond or two: for idle moments.
 */
export function makeRoom(): void {
  collect ??= collector();
  collect({ type: "minor" });
  nativeAddon().populateHeap(newSpaceBytes);
}

/** The function is there only for contexts made while the flag is set. */
function collector(): Collect {
  setFlagsFromString("--expose-gc");
  const gc: unknown = runInNewContext("gc");
  setFlagsFromString("--no-expose-gc");
  return typeof gc === "function" ? (gc as Collect) : () => {};
}

/**
 * From now on there is no core dump of this process: passphrases are in its memory, and in the registers of its
 * threads, which stand in every dump. Unlike a limit on the size it holds for dumps that are piped to a program, too
 * (core(5), PR_SET_DUMPABLE(2const)). Its child processes may leave dumps, without memory. Throws where the kernel has
 * no such file; one without core dumps has none.
 */
export function forbidCoreDumps(): void {
  // First: files of a process that leaves no dump belong to root.
  writeFileSync("/proc/self/coredump_filter", "0");
  nativeAddon().setDumpable(false);
}
