import assert from "node:assert/strict";
import { test } from "node:test";
import { DaemonError } from "../../../../src/base/errors.ts";
import type { SignalMessage } from "../../../../src/bus/bus.ts";
import { makeWorld, method, objectManager, standard, Thing, tables, thing } from "../dispatcher-support.ts";

const otherName = "org.example.Other";
const root = "/org/example/Other";

/** A connection with the daemon's own API at `/` and another one below a root and under a name of its own. */
async function twoApis(otherRoot = root) {
  const world = await makeWorld();
  const { server, client, dispatcher } = world;
  const other = dispatcher.addApi({
    busName: otherName,
    root: otherRoot,
    errorName: (code) => `${otherName}.Error.${code}`,
  });
  await server.requestName(otherName);
  const addOther = (path: string, methods: Parameters<typeof tables>[1] = {}) => {
    const made = new Thing();
    made.handle = other.export(path, [tables(made, methods)]);
    return made;
  };
  const callOther = (path: string, interfaceName: string, member: string) =>
    client.call({ destination: otherName, path, interface: interfaceName, member });
  return { ...world, other, addOther, callOther };
}

const pathsOf = ([objects]: readonly unknown[]) => [...(objects as ReadonlyMap<string, unknown>).keys()];
const fails = {
  Go: method("", "", () => {
    throw new DaemonError("NotFound");
  }),
};

test("each API's object manager lists the objects of its own alone", async () => {
  const { addThing, addOther, call, callOther } = await twoApis();
  addThing("/device/eth0");
  addOther(`${root}/Devices/1`);
  assert.deepEqual(pathsOf(await call("/", objectManager, "GetManagedObjects")), ["/device/eth0"]);
  assert.deepEqual(pathsOf(await callOther(root, objectManager, "GetManagedObjects")), [`${root}/Devices/1`]);
});

test("objects are announced by the object manager of their API", async () => {
  const { addThing, addOther, signals, settle } = await twoApis();
  addThing("/device/eth0");
  const made = addOther(`${root}/Devices/1`);
  await settle();
  made.handle?.remove();
  await settle();
  assert.deepEqual(
    signals.map(({ path, member, args: [object] }) => [path, member, object]),
    [
      ["/", "InterfacesAdded", "/device/eth0"],
      [root, "InterfacesAdded", `${root}/Devices/1`],
      [root, "InterfacesRemoved", `${root}/Devices/1`],
    ],
  );
});

test("an error has the name that its API gives it", async () => {
  const { addThing, addOther, call, callOther } = await twoApis();
  addThing("/a", fails);
  addOther(`${root}/a`, fails);
  await assert.rejects(call("/a", thing, "Go"), { busName: "org.chromium.flimflam.Error.NotFound" });
  await assert.rejects(callOther(`${root}/a`, thing, "Go"), { busName: `${otherName}.Error.NotFound` });
});

test("a call to the unique name reaches both APIs by path, one to the other's name that one alone", async () => {
  const { addThing, addOther, call, callOther } = await twoApis();
  const go = { Go: method("", "s", () => ["here"]) };
  addThing("/a", go);
  addOther(`${root}/a`, go);
  assert.deepEqual(await call(`${root}/a`, thing, "Go"), ["here"]);
  assert.deepEqual(await callOther(`${root}/a`, thing, "Go"), ["here"]);
  await assert.rejects(callOther("/a", thing, "Go"), { busName: standard("UnknownObject") });
});

test("two APIs may both stand at the bus's root: the name that was called tells them apart", async () => {
  const { addThing, addOther, call, callOther } = await twoApis("/");
  addThing("/a", { Go: method("", "s", () => ["ours"]) });
  addOther("/a", { Go: method("", "s", () => ["the other's"]) });
  assert.deepEqual(await call("/a", thing, "Go"), ["ours"]);
  assert.deepEqual(await callOther("/a", thing, "Go"), ["the other's"]);
});

test("introspection of the other's name leads from the bus's root to its objects", async () => {
  const { addThing, addOther, callOther } = await twoApis();
  addThing("/device/eth0");
  addOther(`${root}/a`);
  const introspect = async (path: string) =>
    String((await callOther(path, "org.freedesktop.DBus.Introspectable", "Introspect"))[0]);
  assert.match(await introspect("/"), /<node name="org"\/>/);
  assert.doesNotMatch(await introspect("/"), /device|ObjectManager/);
  assert.match(await introspect(root), /ObjectManager[\s\S]*<node name="a"\/>/);
});

test("an object outside its API's root is refused", async () => {
  const { other } = await twoApis();
  assert.throws(() => other.export("/org/example/Others", []), { busName: standard("InvalidArgs") });
});

test("after a lost bus each object manager announces its objects anew", async () => {
  const { bus, client, addThing, addOther, settle } = await twoApis();
  addThing("/a");
  addOther(`${root}/a`);
  await settle();
  const signals: SignalMessage[] = [];
  client.match({ interface: objectManager }, (signal) => signals.push(signal));
  bus.stop();
  await bus.start();
  await settle();
  assert.deepEqual(signals.map(({ path, args: [object] }) => [path, object]).sort(), [
    ["/", "/a"],
    [root, `${root}/a`],
  ]);
});
