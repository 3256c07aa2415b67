import { readdirSync, readFileSync } from "node:fs";

const threadFiles = (pid: number, file: string): string[] =>
  readdirSync(`/proc/${pid}/task`).flatMap((thread) => {
    try {
      return [readFileSync(`/proc/${pid}/task/${thread}/${file}`, "utf8")];
    } catch {
      // A thread that ended in this moment.
      return [];
    }
  });

const numberAfter = (label: string, text: string): number =>
  Number(new RegExp(`^${label}:\\s+(\\d+)`, "m").exec(text)?.[1]);

/** Processor time of a process and its threads so far, in milliseconds. */
export function cpuMs(pid: number): number {
  const nanoseconds = threadFiles(pid, "schedstat").map((text) => Number(text.split(" ")[0]));
  return nanoseconds.reduce((sum, each) => sum + each, 0) / 1e6;
}

/** How often any of its threads was woken so far: each wait that ends is one voluntary switch. */
export function wakeups(pid: number): number {
  const switches = threadFiles(pid, "status").map((text) => numberAfter("voluntary_ctxt_switches", text));
  return switches.reduce((sum, each) => sum + each, 0);
}

/** Memory that is its own, and its part of what it shares, in KiB. */
export const pssKib = (pid: number): number => numberAfter("Pss", readFileSync(`/proc/${pid}/smaps_rollup`, "utf8"));

/** The most that it ever had in memory, in KiB. */
export const peakRssKib = (pid: number): number => numberAfter("VmHWM", readFileSync(`/proc/${pid}/status`, "utf8"));
