import assert from "node:assert/strict";
import { test } from "node:test";
import { makeWorld, objectManager, properties, standard, thing } from "./dispatcher-support.ts";

test("Get, GetAll and Set follow the access of each property", async () => {
  const { addThing, call, client } = await makeWorld();
  const made = addThing("/a");
  const get = (name: string, of = thing) => call("/a", properties, "Get", "ss", [of, name]);
  const set = (name: string, signature: string, value: unknown) =>
    call("/a", properties, "Set", "ssv", [thing, name, { signature, value }]);
  assert.deepEqual(await get("Name"), [{ signature: "s", value: "one" }]);
  assert.deepEqual(await get("Level", ""), [{ signature: "u", value: 3 }]);
  const all = new Map([
    ["Name", { signature: "s", value: "one" }],
    ["Level", { signature: "u", value: 3 }],
  ]);
  assert.deepEqual(await call("/a", properties, "GetAll", "s", [thing]), [all]);
  for (const name of ["Secret", "Drop"]) await assert.rejects(get(name), { busName: standard("AccessDenied") });
  for (const name of ["Absent", "Inside", "Nothing", "__proto__"]) {
    await assert.rejects(get(name), { busName: standard("UnknownProperty") }, name);
  }
  await assert.rejects(get("Name", "a.Other"), { busName: standard("UnknownInterface") });
  await set("Name", "s", "two");
  await set("Drop", "s", "in");
  await assert.rejects(set("Level", "u", 4), { busName: standard("PropertyReadOnly") });
  const wrong = { busName: standard("InvalidArgs"), message: 'property Name has type s, got "u"' };
  await assert.rejects(set("Name", "u", 4), wrong);
  await assert.rejects(set("Inside", "s", ""), { busName: standard("UnknownProperty") });
  const sender = client.uniqueName;
  assert.deepEqual(made.writes, [
    ["Name", { signature: "s", value: "two" }, sender],
    ["Drop", { signature: "s", value: "in" }, sender],
  ]);
});

test("an interface without a setter is read-only in spite of its table", async () => {
  const { dispatcher, call, addThing } = await makeWorld();
  const model = addThing("/model");
  const readOnly = { defs: model.defs, value: (name: string) => model.value(name) };
  dispatcher.export("/a", [{ name: thing, methods: new Map(), signals: new Map(), properties: readOnly, target: 0 }]);
  const args = [thing, "Name", { signature: "s", value: "x" }];
  await assert.rejects(call("/a", properties, "Set", "ssv", args), { busName: standard("PropertyReadOnly") });
});

test("many changes within a turn are told once, with the last values", async () => {
  const { addThing, signals, settle } = await makeWorld();
  const made = addThing("/a");
  await settle();
  signals.length = 0;
  for (const name of ["two", "three"]) made.change("Name", name);
  made.change("Level", 9);
  made.handle?.propertyChanged(thing, "Secret");
  made.handle?.propertyChanged(thing, "Inside");
  made.change("Absent", undefined);
  await settle();
  assert.deepEqual(
    signals.map(({ path, member, args }) => [path, member, ...args]),
    [
      [
        "/a",
        "PropertiesChanged",
        thing,
        new Map([
          ["Name", { signature: "s", value: "three" }],
          ["Level", { signature: "u", value: 9 }],
        ]),
        ["Secret", "Absent"],
      ],
    ],
  );
});

test("kept properties are right after each change", async () => {
  const { addThing, call } = await makeWorld();
  const made = addThing("/a");
  for (const name of ["two", "a much longer name than before", ""]) {
    made.change("Name", name);
    const [all] = (await call("/a", properties, "GetAll", "s", [thing])) as [Map<string, { value: unknown }>];
    assert.equal(all.get("Name")?.value, name);
    // Asked again without a change, the same bytes are handed out.
    const kept = () => made.handle?.marshalledProperties(thing).marshalled[0];
    assert.equal(kept(), kept());
  }
});

test("a value that does not fit its type is left out and logged, and the others are told", async () => {
  const { addThing, call, signals, settle, lines } = await makeWorld();
  const made = addThing("/a");
  await settle();
  signals.length = 0;
  made.change("Level", -1);
  made.change("Name", "two");
  await settle();
  const name = new Map([["Name", { signature: "s", value: "two" }]]);
  assert.deepEqual(
    signals.map(({ args }) => args[1]),
    [name],
  );
  assert.deepEqual(await call("/a", properties, "GetAll", "s", [thing]), [name]);
  assert.ok(lines.length >= 2);
  assert.ok(
    lines.every((line) => line.includes("/a") && line.includes("0 to 4294967295")),
    lines.join("\n"),
  );
});

test("a getter that throws is logged and concerns neither the process nor the other objects", async () => {
  const { addThing, signals, settle, lines, call } = await makeWorld();
  const [bad, good] = [addThing("/bad"), addThing("/good")];
  await settle();
  signals.length = 0;
  bad.value = () => {
    throw new Error("getter failed");
  };
  bad.change("Name", "x");
  good.change("Name", "two");
  addThing("/late").value = bad.value;
  await settle();
  assert.deepEqual(
    signals.map(({ path }) => path),
    ["/good"],
  );
  assert.equal(lines.filter((line) => line.includes("getter failed")).length, 2);
  const internalError = { busName: "org.chromium.flimflam.Error.InternalError" };
  await assert.rejects(call("/bad", properties, "GetAll", "s", [thing]), internalError);
});

test("GetManagedObjects shows every object but the root with all that can be read", async () => {
  const { addThing, call, dispatcher } = await makeWorld();
  addThing("/");
  assert.deepEqual(await call("/", objectManager, "GetManagedObjects"), [new Map()]);
  for (const path of ["/a", "/a/b", "/c"]) addThing(path);
  dispatcher.export("/bare", []);
  const own = new Map([
    [
      thing,
      new Map([
        ["Name", { signature: "s", value: "one" }],
        ["Level", { signature: "u", value: 3 }],
      ]),
    ],
  ]);
  const expected = new Map([
    ["/a", own],
    ["/a/b", own],
    ["/c", own],
    ["/bare", new Map()],
  ]);
  for (let round = 0; round < 2; round++) {
    assert.deepEqual(await call("/", objectManager, "GetManagedObjects"), [expected]);
  }
});

test("an object is announced once, with the values at the end of the turn, and its end is told", async () => {
  const { addThing, signals, settle } = await makeWorld();
  const made = addThing("/a");
  made.change("Name", "two");
  addThing("/brief").handle?.remove();
  await settle();
  const values = new Map([
    ["Name", { signature: "s", value: "two" }],
    ["Level", { signature: "u", value: 3 }],
  ]);
  assert.deepEqual(
    signals.map(({ member, args }) => [member, ...args]),
    [["InterfacesAdded", "/a", new Map([[thing, values]])]],
  );
  made.handle?.remove();
  await settle();
  assert.deepEqual(
    signals.slice(1).map(({ member, args }) => [member, ...args]),
    [["InterfacesRemoved", "/a", [thing]]],
  );
});

test("after the bus was lost all objects are announced anew, and nothing old is told", async () => {
  const { bus, addThing, signals, settle, client, server } = await makeWorld();
  const made = Array.from({ length: 200 }, (_unused, at) => addThing(`/thing/${at}`));
  await settle();
  bus.stop();
  made[0]?.change("Name", "while away");
  addThing("/new");
  made[1]?.handle?.remove();
  signals.length = 0;
  await bus.start();
  client.match({ sender: server.uniqueName ?? "" }, (signal) => signals.push(signal));
  await settle();
  const paths = signals.map(({ member, args }) => `${member} ${args[0]}`);
  assert.equal(paths.length, 200);
  assert.ok(paths.includes("InterfacesAdded /new") && !paths.includes("InterfacesAdded /thing/1"));
});
