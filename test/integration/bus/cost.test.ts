import assert from "node:assert/strict";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { requirePrivateNamespace } from "../../harness/namespace.ts";
import { startProcess } from "../../harness/processes.ts";
import { RawPeer } from "./raw-peer.ts";
import { connect, privateBus } from "./support.ts";

requirePrivateNamespace();

const server = fileURLToPath(new URL("cost-server.ts", import.meta.url));
const managedObjects = { path: "/", interface: "org.freedesktop.DBus.ObjectManager", member: "GetManagedObjects" };

/** Processor time of this machine, in milliseconds, to write as much as GetManagedObjects answers as JSON. */
function writingAsJson(): number {
  const properties = Array.from({ length: 20 }, (_, at) => [`Property${at}`, ["192.0.2.1", "192.0.2.2"]]);
  const objects = Array.from({ length: 5000 }, (_, at) => [`/device/link${at}`, Object.fromEntries(properties)]);
  const once = () => {
    const before = process.cpuUsage();
    JSON.stringify(Object.fromEntries(objects));
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1000;
  };
  return Math.min(...Array.from({ length: 5 }, once));
}

// Processor time, as others use the machine too, beside a yardstick of the same minute; only a change in kind breaks
// the bounds. `npm run bench` measures.
test("many properties, signals and objects cost little beside an empty call", async (t) => {
  const { address } = await privateBus(t);
  const args = ["--expose-gc", "--import", "tsx", server, address];
  const exporter = startProcess(process.execPath, args, { name: "cost-server" });
  t.after(() => exporter.end());
  await exporter.untilOutput(/ready/, 15_000);
  const client = await connect(t, address);
  const peer = await RawPeer.connect(t, address);
  const sample = { destination: "org.fairlead.Cost", path: "/service/0", interface: "a.B" };
  const ask = async (member: string, ...args: number[]) =>
    (await client.call({ ...sample, member, signature: "u".repeat(args.length), args }))[0] as number;
  const cpuPerCall = async (member: string, count: number) => {
    const before = await ask("Cpu");
    for (let at = 0; at < count; at++) await client.call({ ...sample, member });
    return ((await ask("Cpu")) - before) / count;
  };

  // The least of some: others on the machine make each cost more, none less.
  const leastPerCall = async (member: string, count: number) =>
    Math.min(await cpuPerCall(member, count), await cpuPerCall(member, count), await cpuPerCall(member, count));

  await cpuPerCall("GetProperties", 3000);
  const emptyBefore = await leastPerCall("Nothing", 1000);
  const getProperties = await leastPerCall("GetProperties", 1000);
  const change = await leastPerCall("Change", 500);
  await ask("Emit", 5000);
  const signal = Math.min(await ask("Emit", 20_000), await ask("Emit", 20_000), await ask("Emit", 20_000)) / 20_000;
  // A machine that became slower or quicker meanwhile: the larger one is the fairer.
  const empty = Math.max(emptyBefore, await leastPerCall("Nothing", 1000));
  await ask("Export", 1000);
  const settledHeap = async () => Math.min(await ask("Heap"), await ask("Heap"), await ask("Heap"));
  const heapBefore = await settledHeap();
  const cpuBefore = await ask("Cpu");
  await ask("Export", 4000);
  const perExport = ((await ask("Cpu")) - cpuBefore) / 4000;
  const perObject = ((await settledHeap()) - heapBefore) / 4000;
  const managed = async () => {
    const before = await ask("Cpu");
    await peer.call({ ...managedObjects, destination: sample.destination });
    return ((await ask("Cpu")) - before) / 1000;
  };
  const first = await managed();
  const perAsked = ((await settledHeap()) - heapBefore) / 4000;
  let again = await managed();
  for (let more = 0; more < 9; more++) again = Math.min(again, await managed());
  const yardstick = writingAsJson();

  t.diagnostic(
    `an empty call: ${empty.toFixed(1)} us CPU; GetProperties, 60 properties: ${getProperties.toFixed(1)} us CPU; a change told: ${change.toFixed(1)} us`,
  );
  t.diagnostic(
    `signal: ${signal.toFixed(1)} us; export: ${perExport.toFixed(1)} us, ${perObject.toFixed(0)} bytes, ${perAsked.toFixed(0)} once asked for`,
  );
  t.diagnostic(
    `GetManagedObjects, 5000 objects of 20 properties: ${first.toFixed(1)} ms CPU, again ${again.toFixed(1)} ms, as JSON ${yardstick.toFixed(1)} ms`,
  );
  assert.ok(getProperties < 4 * empty, `GetProperties: ${getProperties} us, an empty call ${empty} us`);
  assert.ok(signal < empty, `signal: ${signal} us, an empty call ${empty} us`);
  assert.ok(perObject < 2000, `object: ${perObject} bytes`);
  assert.ok(again < 4 * yardstick, `GetManagedObjects: ${again} ms CPU, as JSON ${yardstick} ms`);
});
