import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { run, startProcess, tryRun } from "../../harness/processes.ts";
import { until } from "../../harness/until.ts";
import type { Findings } from "../figures.ts";
import type { Subject } from "../subject.ts";
import { World } from "../world.ts";

const echo = join(fileURLToPath(new URL("..", import.meta.url)), "echo.py");
/** Behind both routers; from the range for documentation (RFC 5737). */
const target = "203.0.113.1";
const port = "9007";
const spacingMs = 10;
/** The slowest of the field holds a dead cable for six seconds. */
const watchMs = 8_000;
/** Enough probes to see that all come through. */
const beforeMs = 500;

type Probes = readonly (readonly [sentAt: number, isAnswered: boolean])[];

/** Two cables, probes every 10 ms through the better one, which is pulled: how many are lost. */
export async function measureFailover(subject: Subject): Promise<Findings> {
  const world = await World.open(subject);
  try {
    const cables = new Map([
      ["eth0", (await world.addServedCable("eth0", "10.1.0")).cable],
      ["eth1", (await world.addServedCable("eth1", "10.2.0")).cable],
    ]);
    run("ip", ["-n", "peer", "address", "add", `${target}/32`, "dev", "lo"]);
    const server = world.peer.spawn("/usr/bin/python3", [echo, "serve", target, port]);
    await server.untilOutput(/serving/);
    await world.start();
    for (const [link, cable] of cables) {
      await world.untilReadyForCable(link);
      cable.plug();
    }
    // Not: both have a default route; some give one to the best only.
    const addresses = () => run("ip", ["-4", "-o", "address", "show", "scope", "global"]).trim().split("\n");
    await until("both have an address", () => addresses().length === cables.size, 20_000);
    await until("the target has a route", () => tryRun("ip", ["route", "get", target]).code === 0, 20_000);
    await world.settle();
    const best = /dev (\S+)/.exec(run("ip", ["route", "get", target]))?.[1] ?? "";
    const probes = await probeWhile(() => cables.get(best)?.unplug());
    return { "failover, 10 ms probes lost": [probes.filter(([, isAnswered]) => !isAnswered).length] };
  } finally {
    world.close();
  }
}

async function probeWhile(act: () => void): Promise<Probes> {
  const sender = startProcess("/usr/bin/python3", [echo, "send", target, port, String(spacingMs)]);
  await pause(beforeMs);
  act();
  await pause(watchMs);
  sender.closeInput();
  await sender.waitExit();
  const probes = JSON.parse(sender.output()) as Probes;
  if (!probes.at(0)?.[1]) throw new Error("no probe came through before the cable was pulled");
  if (!probes.at(-1)?.[1]) throw new Error(`no probe came through ${watchMs} ms after the cable was pulled`);
  return probes;
}
