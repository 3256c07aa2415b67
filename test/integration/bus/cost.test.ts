import assert from "node:assert/strict";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { MessageType } from "../../../src/bus/message.ts";
import { requirePrivateNamespace } from "../../harness/namespace.ts";
import { startProcess } from "../../harness/processes.ts";
import { RawPeer } from "./raw-peer.ts";
import { privateBus } from "./support.ts";

requirePrivateNamespace();

const server = fileURLToPath(new URL("cost-server.ts", import.meta.url));
const objectManager = { path: "/", interface: "org.freedesktop.DBus.ObjectManager", member: "GetManagedObjects" };

// Bounds are some three times what a slow machine needs, so that only a change in kind breaks them; `npm run bench` measures.
test("fault 6: calls, signals and objects cost what they should", async (t) => {
  const { address } = await privateBus(t);
  const args = ["--expose-gc", "--import", "tsx", server, address];
  const process_ = startProcess(process.execPath, args, { name: "cost-server" });
  t.after(() => process_.end());
  await process_.untilOutput(/ready/, 15_000);
  const peer = await RawPeer.connect(t, address);
  const init = {
    type: MessageType.METHOD_CALL,
    destination: "org.fairlead.Cost",
    path: "/service/0",
    interface: "a.B",
  };
  const ask = async (member: string, ...body: number[]) =>
    (await peer.call({ ...init, member, signature: "u".repeat(body.length), body })).args[0] as number;
  const cpuPerCall = async (member: string, count: number) => {
    const before = await ask("Cpu");
    for (let at = 0; at < count; at++) await peer.call({ ...init, member });
    return ((await ask("Cpu")) - before) / count;
  };

  await cpuPerCall("GetProperties", 3000);
  const getProperties = await cpuPerCall("GetProperties", 3000);
  const change = await cpuPerCall("Change", 1000);
  await ask("Emit", 5000);
  const signal = (await ask("Emit", 20_000)) / 20_000;
  peer.heard.length = 0;
  await ask("Export", 1000);
  const heapBefore = await ask("Heap");
  const perExport = (await ask("Export", 1000)) / 1000;
  const perObject = ((await ask("Heap")) - heapBefore) / 1000;
  const managed = async () => {
    const startedAt = performance.now();
    return (await peer.call({ ...init, ...objectManager })).at - startedAt;
  };
  const first = await managed();
  const again = Math.min(await managed(), await managed());

  t.diagnostic(
    `GetProperties, 60 properties: ${getProperties.toFixed(1)} us CPU; a change told: ${change.toFixed(1)} us`,
  );
  t.diagnostic(`signal: ${signal.toFixed(1)} us; export: ${perExport.toFixed(1)} us, ${perObject.toFixed(0)} bytes`);
  t.diagnostic(
    `GetManagedObjects, 2000 objects of 20 properties: ${first.toFixed(1)} ms, again ${again.toFixed(1)} ms`,
  );
  assert.ok(getProperties < 150, `GetProperties: ${getProperties} us`);
  assert.ok(signal < 30, `signal: ${signal} us`);
  assert.ok(perObject < 2000, `object: ${perObject} bytes`);
  assert.ok(again < 100, `GetManagedObjects: ${again} ms`);
});
