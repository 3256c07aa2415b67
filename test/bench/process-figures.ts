import { readdirSync, readFileSync, readlinkSync } from "node:fs";

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

/** Page faults of a process so far that needed no disk. */
export function minorFaults(pid: number): number {
  // The second field is the program's name, in brackets, and may hold anything.
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
    .replace(/^.*\) /s, "")
    .split(" ");
  return Number(fields[7]);
}

/** How often each thread was woken so far: each wait that ends is one voluntary switch. */
export function wakeupsByThread(pid: number): ReadonlyMap<string, number> {
  return new Map(
    threadFiles(pid, "status").map((text) => [
      /^Pid:\s+(\d+)/m.exec(text)?.[1] ?? "",
      numberAfter("voluntary_ctxt_switches", text),
    ]),
  );
}

/** Between two counts; a thread that ended in between took its count along. */
export function wakeupsBetween(before: ReadonlyMap<string, number>, after: ReadonlyMap<string, number>): number {
  return [...after].reduce((sum, [thread, count]) => sum + count - (before.get(thread) ?? 0), 0);
}

/**
 * Its own memory, and its part of shared memory, in KiB. The program file itself counts whole: that the bench is a Node
 * program too must not make another one look smaller.
 */
export function pssKib(pid: number): number {
  const program = readlinkSync(`/proc/${pid}/exe`);
  const mappings = readFileSync(`/proc/${pid}/smaps`, "utf8").split(/^(?=[0-9a-f]+-[0-9a-f]+ )/m);
  const each = mappings.map((text) => numberAfter(text.split("\n", 1)[0]?.endsWith(program) ? "Rss" : "Pss", text));
  return each.reduce((sum, kib) => sum + kib, 0);
}

/** The most that it ever had in memory, in KiB. */
export const peakRssKib = (pid: number): number => numberAfter("VmHWM", readFileSync(`/proc/${pid}/status`, "utf8"));
