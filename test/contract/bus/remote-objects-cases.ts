/** RemoteObjects' view of another daemon; run on the fake bus and on a real one. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { silentLog } from "../../../src/base/log.ts";
import type { AnyPropertyDef, WireVariant } from "../../../src/base/property.ts";
import type { BusPort, ExportedObject } from "../../../src/bus/bus.ts";
import { ObjectDispatcher } from "../../../src/bus/objects/dispatcher.ts";
import {
  RemoteObjects,
  type RemoteObserver,
  type RemotePlan,
  remoteInterface,
} from "../../../src/bus/remote-objects.ts";
import type { BusWorld } from "./bus-port-cases.ts";

const busName = "org.fairlead.OtherDaemon1";
const lamp = remoteInterface("org.fairlead.Lamp1", { Name: "s", Level: "u", Hint: "s" });
const bell = remoteInterface("org.fairlead.Bell1", { Rings: "u" });
const unread = remoteInterface("org.fairlead.Unread1", {});

const doc = "";
const defs = new Map<string, AnyPropertyDef<unknown>>([
  ["Name", { signature: "s", doc, get: () => "" }],
  ["Level", { signature: "u", doc, get: () => 0 }],
  ["Hint", { signature: "s", doc, isSecret: true, get: () => "" }],
  ["Rings", { signature: "u", doc, get: () => 0 }],
]);

/** A daemon with lamps and bells. */
class OtherDaemon {
  readonly #dispatcher: ObjectDispatcher;
  readonly values = new Map<string, unknown>();
  readonly #objects = new Map<string, ExportedObject>();

  constructor(private readonly bus: BusPort) {
    this.#dispatcher = new ObjectDispatcher({ bus, log: silentLog });
  }
  async come(): Promise<void> {
    assert.equal(await this.bus.requestName(busName), "owner");
  }
  go(): Promise<void> {
    return this.bus.releaseName(busName);
  }
  add(path: string, interfaces: readonly { readonly name: string }[], values: Readonly<Record<string, unknown>>): void {
    for (const [name, value] of Object.entries(values)) this.values.set(`${path} ${name}`, value);
    const exported = interfaces.map(({ name }) => ({
      name,
      methods: new Map(),
      signals: new Map(),
      target: this,
      properties: {
        defs: name === lamp.name ? pick("Name", "Level", "Hint") : pick("Rings"),
        value: (property: string) => this.values.get(`${path} ${property}`),
      },
    }));
    this.#objects.set(path, this.#dispatcher.export(path, exported));
  }
  set(path: string, of: { readonly name: string }, property: string, value: unknown): void {
    this.values.set(`${path} ${property}`, value);
    this.#objects.get(path)?.propertyChanged(of.name, property);
  }
  remove(path: string): void {
    this.#objects.get(path)?.remove();
  }
}
const pick = (...names: string[]) => new Map([...defs].filter(([name]) => names.includes(name)));

const atRoot = { objectManager: "/" };

interface Scene {
  readonly world: BusWorld;
  readonly daemon: OtherDaemon;
  readonly remote: RemoteObjects;
  readonly heard: string[];
  until(what: string, isSo: () => boolean): Promise<void>;
}

export function remoteObjectsCases(name: string, makeWorld: () => Promise<BusWorld>): void {
  const inWorld = (
    title: string,
    act: (scene: Scene) => Promise<void>,
    manager: Pick<RemotePlan, "objectManager"> = atRoot,
  ) =>
    test(`${name}: ${title}`, async () => {
      const world = await makeWorld();
      const [server, client] = [await world.connect(), await world.connect()];
      const heard: string[] = [];
      const observer: RemoteObserver = {
        ready: () => void heard.push("ready"),
        gone: () => void heard.push("gone"),
        added: ({ path }, interfaceName) => void heard.push(`added ${path} ${interfaceName}`),
        removed: (path, interfaceName) => void heard.push(`removed ${path} ${interfaceName}`),
        changed: ({ path }, _interfaceName, names) => void heard.push(`changed ${path} ${names.join()}`),
      };
      const plan = { busName, interfaces: [lamp, bell], ...manager };
      const remote = new RemoteObjects(client, plan, observer, silentLog);
      try {
        const until = (what: string, isSo: () => boolean) => world.until(what, isSo);
        await act({ world, daemon: new OtherDaemon(server), remote, heard, until });
      } finally {
        remote.close();
        await world.close();
      }
    });

  inWorld("the objects that a daemon has already are read", async ({ daemon, remote, until, heard }) => {
    daemon.add("/lamp/1", [lamp, unread], { Name: "desk", Level: 7 });
    await daemon.come();
    remote.start();
    await until("it is read", () => remote.isReady);
    const [object] = remote.all(lamp);
    assert.deepEqual([object?.path, object?.get(lamp, "Name"), object?.get(lamp, "Level")], ["/lamp/1", "desk", 7]);
    assert.deepEqual([object?.interfaceNames, remote.all(bell), heard], [[lamp.name], [], ["ready"]]);
  });

  inWorld("a daemon that comes later is read then", async ({ daemon, remote, until, heard }) => {
    remote.start();
    daemon.add("/bell/1", [bell], { Rings: 1 });
    await daemon.come();
    await until("it is read", () => remote.isReady);
    assert.deepEqual([remote.at("/bell/1")?.get(bell, "Rings"), heard], [1, ["ready"]]);
  });

  inWorld("objects that come, change and go are told", async ({ daemon, remote, until, heard }) => {
    await daemon.come();
    remote.start();
    await until("it is read", () => remote.isReady);
    daemon.add("/lamp/2", [lamp], { Name: "door", Level: 1 });
    await until("it was added", () => heard.includes(`added /lamp/2 ${lamp.name}`));
    daemon.set("/lamp/2", lamp, "Level", 9);
    await until("it changed", () => heard.includes("changed /lamp/2 Level"));
    assert.equal(remote.at("/lamp/2")?.get(lamp, "Level"), 9);
    daemon.remove("/lamp/2");
    await until("it was removed", () => heard.includes(`removed /lamp/2 ${lamp.name}`));
    assert.equal(remote.at("/lamp/2"), undefined);
  });

  inWorld("a daemon that goes takes its objects with it, and is read anew when it is back", async (scene) => {
    const { daemon, remote, until, heard } = scene;
    daemon.add("/lamp/1", [lamp], { Name: "desk", Level: 7 });
    await daemon.come();
    remote.start();
    await until("it is read", () => remote.isReady);
    await daemon.go();
    await until("it is gone", () => heard.includes("gone"));
    assert.deepEqual([remote.isReady, remote.all(lamp)], [false, []]);
    await assert.rejects(remote.call("/lamp/1", lamp.name, "Switch"), { busName: /NameHasNoOwner$/ });
    daemon.values.set("/lamp/1 Level", 8);
    await daemon.come();
    await until("it is read again", () => remote.isReady);
    assert.deepEqual([remote.at("/lamp/1")?.get(lamp, "Name"), heard], ["desk", ["ready", "gone", "ready"]]);
  });

  inWorld("a bus that is restarted is a daemon that went and came back", async (scene) => {
    const { world, daemon, remote, until, heard } = scene;
    daemon.add("/lamp/1", [lamp], { Name: "desk", Level: 7 });
    await daemon.come();
    remote.start();
    await until("it is read", () => remote.isReady);
    await world.stop();
    await until("it is gone", () => heard.includes("gone"));
    await world.start();
    await until("it is read again", () => remote.isReady);
    assert.equal(remote.at("/lamp/1")?.get(lamp, "Name"), "desk");
  });

  inWorld("a value of another type than the table's reads as absent", async ({ daemon, remote, until }) => {
    daemon.add("/bell/1", [bell], { Rings: 3 });
    await daemon.come();
    remote.start();
    await until("it is read", () => remote.isReady);
    const object = remote.at("/bell/1");
    assert.equal(object?.get(remoteInterface(bell.name, { Rings: "s" }), "Rings"), undefined);
    const odd = new Map<string, WireVariant>([["Rings", { signature: "s", value: "many" }]]);
    assert.equal(remote.learn("/bell/9", bell, odd).get(bell, "Rings"), undefined);
    assert.equal(remote.learn("/bell/9", bell, "no dictionary").get(bell, "Rings"), undefined);
  });

  inWorld("a property that is only said to be another one now is told as absent", async (scene) => {
    const { daemon, remote, until, heard } = scene;
    daemon.add("/lamp/1", [lamp], { Name: "desk", Level: 7 });
    await daemon.come();
    remote.start();
    await until("it is read", () => remote.isReady);
    daemon.set("/lamp/1", lamp, "Hint", "whatever");
    await until("it was told", () => heard.includes("changed /lamp/1 Hint"));
    assert.equal(remote.at("/lamp/1")?.get(lamp, "Hint"), undefined);
    assert.equal(remote.at("/lamp/1")?.get(lamp, "Name"), "desk");
  });

  inWorld(
    "without an object manager objects are followed one by one",
    async ({ daemon, remote, until, heard }) => {
      daemon.add("/lamp/1", [lamp], { Name: "desk", Level: 7 });
      await daemon.come();
      remote.start();
      await until("it is there", () => remote.isReady);
      assert.equal(remote.at("/lamp/1"), undefined);
      const object = await remote.follow("/lamp/1", lamp);
      daemon.set("/lamp/1", lamp, "Level", 2);
      await until("it changed", () => heard.includes("changed /lamp/1 Level"));
      assert.equal(object.get(lamp, "Level"), 2);
      await assert.rejects(remote.follow("/nowhere", lamp));
      remote.unfollow("/lamp/1");
      assert.deepEqual(remote.all(lamp), []);
    },
    {},
  );
}
