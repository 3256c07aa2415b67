import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { startProcess } from "../../harness/processes.ts";
import type { Findings } from "../figures.ts";
import type { Subject } from "../subject.ts";
import { World } from "../world.ts";

const calls = 100;
const connections = 4;
/** `nobody`, as every Debian has it. */
const otherUser = ["--reuid=65534", "--regid=65534", "--clear-groups"];
const program = (name: string) =>
  readFileSync(fileURLToPath(new URL(`../../integration/daemon/${name}`, import.meta.url)), "utf8");

/** How long the main call takes one user while another sends the same without end and without waiting for answers. */
export async function measureFlood(subject: Subject): Promise<Findings> {
  const world = await World.open(subject);
  try {
    await world.start();
    await world.settle();
    const { destination, path, interface: interfaceName, member } = subject.mainCall;
    const source = program("raw_bus.py") + program("open-flood.py");
    const kind = [destination, path, interfaceName, member].join(" ");
    const args = ["-u", "-c", source, world.place.busAddress, "/", kind, String(connections), "hearing"];
    const flood = startProcess("setpriv", [...otherUser, "/usr/bin/python3", ...args]);
    await flood.untilOutput(/^ready$/m, 30_000);
    const { took, isGood } = await world.probe.call(subject.mainCall, { times: calls, body: false });
    await flood.end();
    if (!isGood) throw new Error(`${subject.name} refuses ${member} beside a flood`);
    const sorted = [...took].sort((a, b) => a - b);
    return {
      "main call beside another user's flood of it (ms)": took,
      "... the slowest of a hundred (ms)": [sorted.at(-1) as number],
    };
  } finally {
    world.close();
  }
}
