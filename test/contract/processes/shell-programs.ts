/** The programs of the contract as shell scripts. */
import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { mostOutputBytes } from "../../../src/system/processes.ts";
import type { ProgramName } from "./processes-cases.ts";

const waiting = "echo ready; while :; do /bin/sleep 1000 & wait $!; done";

const scripts: Readonly<Record<ProgramName, string>> = {
  print: `for word do echo "$word"; done; echo "$FAIRLEAD_WORD"; pwd; echo warned >&2`,
  copy: "exec /bin/cat",
  fail: "exit 3",
  wait: waiting,
  deaf: `trap '' TERM; ${waiting}`,
  crowd: "/bin/sleep 1000 & echo $!",
  flood: `/usr/bin/head -c 150000 /dev/zero | /usr/bin/tr '\\0' x; echo; exec /usr/bin/head -c ${2 * mostOutputBytes} /dev/zero`,
};

/** One that was killed and not yet collected by its parent is not alive. */
export function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}

export function writePrograms(folder: string): void {
  for (const [name, script] of Object.entries(scripts)) {
    writeFileSync(join(folder, name), `#!/bin/sh\n${script}\n`);
    chmodSync(join(folder, name), 0o755);
  }
}
