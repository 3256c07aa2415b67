import assert from "node:assert/strict";
import { test } from "node:test";
import type { WireVariant } from "../../../src/base/property.ts";
import type { BusPort, Call, SignalMessage } from "../../../src/bus/bus.ts";
import type { Change } from "../../../src/lab/render.ts";
import { Watcher } from "../../../src/lab/watcher.ts";

const text = (value: string): WireVariant => ({ signature: "s", value });
const paths = (...value: string[]): WireVariant => ({ signature: "ao", value });
type Objects = Record<string, Record<string, WireVariant>>;

const objects = (): Objects => ({
  "/": { Devices: paths("/device/eth0"), Services: paths("/service/0"), ConnectionState: text("idle") },
  "/device/eth0": { Interface: text("eth0") },
  "/service/0": { Name: text("Ethernet"), Device: { signature: "o", value: "/device/eth0" } },
});

/** A daemon of which only the properties are there, and signals are sent by hand. */
function watch(held: Objects = objects()) {
  const told: string[] = [];
  let onSignal: (signal: SignalMessage) => void = () => {};
  let onOwner: (owner: string | undefined) => void = () => {};
  const port = {
    match: (_: unknown, listener: typeof onSignal) => {
      onSignal = listener;
      return () => {};
    },
    watchName: (_: string, listener: typeof onOwner) => {
      onOwner = listener;
      return () => {};
    },
    call: async ({ path }: Call) => {
      const properties = held[path];
      if (!properties) throw new Error("gone");
      return [new Map(Object.entries(properties))];
    },
  };
  let time = 1000;
  const note = ({ at, subject, property, value }: Change) => told.push(`${at} ${subject} ${property}=${value}`);
  const watcher = new Watcher(port as unknown as BusPort, note, () => time);
  const settle = async () => {
    for (let turn = 0; turn < 50; turn++) await Promise.resolve();
  };
  return {
    watcher,
    settle,
    take: () => told.splice(0),
    at: (ms: number) => {
      time = ms;
    },
    owner: (owner: string | undefined) => onOwner(owner),
    signal: (path: string, kind: string, property: string, value: WireVariant) =>
      onSignal({
        sender: ":1.1",
        path,
        interface: `org.chromium.flimflam.${kind}`,
        member: "PropertyChanged",
        args: [property, value],
      }),
  };
}

test("a daemon that appears is asked what it has, and its objects are called by their links", async () => {
  const { owner, settle, take } = watch();
  owner(":1.1");
  await settle();
  assert.deepEqual(take(), [
    "1000 manager daemon=there",
    "1000 manager Devices=device eth0",
    "1000 manager Services=service eth0",
    "1000 manager ConnectionState=idle",
  ]);
});

test("a change is told once, with the time it came, and a repetition is not", async () => {
  const { owner, signal, settle, take, at } = watch();
  owner(":1.1");
  await settle();
  take();
  at(2000);
  signal("/service/0", "Service", "State", text("online"));
  at(3000);
  signal("/service/0", "Service", "State", text("online"));
  await settle();
  assert.deepEqual(take(), ["2000 service eth0 State=online"]);
});

test("an object that vanished before its name was asked keeps its path", async () => {
  const { owner, signal, settle, take } = watch();
  owner(":1.1");
  await settle();
  take();
  signal("/service/9", "Service", "State", text("idle"));
  await settle();
  assert.deepEqual(take(), ["1000 /service/9 State=idle"]);
});

test("being connected follows the state of the default Service, and ends with the daemon", async () => {
  const { watcher, owner, signal, settle } = watch();
  owner(":1.1");
  await settle();
  assert.equal(watcher.isConnected, false);
  const connected = watcher.untilConnected(10_000);
  signal("/", "Manager", "ConnectionState", text("ready"));
  assert.equal(await connected, true);
  owner(undefined);
  await settle();
  assert.equal(watcher.isConnected, false);
});

test("waiting for a connection ends at its limit", async () => {
  const { watcher } = watch();
  assert.equal(await watcher.untilConnected(1), false);
});

test("a closed watcher tells nothing more", async () => {
  const { watcher, owner, settle, take } = watch();
  watcher.close();
  owner(":1.1");
  await settle();
  assert.deepEqual(take(), []);
});
