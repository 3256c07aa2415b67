import assert from "node:assert/strict";
import { test } from "node:test";
import { DaemonError } from "../../../../src/base/errors.ts";
import { silentLog } from "../../../../src/base/log.ts";
import { BusError, type IncomingCall } from "../../../../src/bus/bus.ts";
import { ObjectDispatcher } from "../../../../src/bus/objects/dispatcher.ts";
import { FakeBus } from "../../../fakes/fake-bus.ts";
import { FakeClock } from "../../../fakes/fake-clock.ts";
import { callFrom, makeWorld, method, standard, Thing, tables, thing } from "../dispatcher-support.ts";

const internalError = { busName: "org.chromium.flimflam.Error.InternalError", message: "Internal error" };

test("a handler gets arguments, caller and its own target", async () => {
  const { addThing, call, client } = await makeWorld();
  const seen: unknown[] = [];
  const made = addThing("/a", {
    Go: method("s", "s", (args, caller, target) => {
      seen.push(args, caller.sender, target);
      return ["done"];
    }),
  });
  assert.deepEqual(await call("/a", thing, "Go", "s", ["x"]), ["done"]);
  assert.deepEqual(seen, [["x"], client.uniqueName, made]);
});

test("each way to miss has its own error", async () => {
  const { addThing, call } = await makeWorld();
  addThing("/a/b", { Go: method("s", "", () => []) });
  const missed: readonly (readonly [string, string, string, string])[] = [
    ["/nowhere", thing, "Go", "UnknownObject"],
    ["/a/b/c", thing, "Go", "UnknownObject"],
    ["/a", thing, "Go", "UnknownInterface"],
    ["/a/b", "org.fairlead.Other1", "Go", "UnknownInterface"],
    ["/a/b", thing, "Gone", "UnknownMethod"],
    ["/a/b", "org.freedesktop.DBus.Peer", "Pong", "UnknownMethod"],
    ["/a/b", "org.freedesktop.DBus.ObjectManager", "GetManagedObjects", "UnknownInterface"],
  ];
  for (const [path, interfaceName, member, error] of missed) {
    await assert.rejects(call(path, interfaceName, member), { busName: standard(error) }, `${path} ${member}`);
  }
});

test("arguments of another type are refused with what was expected and what came", async () => {
  const { addThing, call } = await makeWorld();
  addThing("/a", { Go: method("a{sv}", "", () => assert.fail("called")) });
  const refused = { busName: standard("InvalidArgs"), message: 'Go takes "a{sv}", got "a{ss}"' };
  await assert.rejects(call("/a", thing, "Go", "a{ss}", [new Map()]), refused);
  await assert.rejects(call("/a", thing, "Go"), { busName: standard("InvalidArgs") });
});

/** A dispatcher whose calls are made by hand; `answers` gets results and names of errors. */
function handMade() {
  const bus = new FakeBus(new FakeClock()).port();
  let onCall: ((call: IncomingCall) => void) | undefined;
  bus.serve = (handler) => {
    onCall = handler;
  };
  const dispatcher = new ObjectDispatcher({ bus, log: silentLog });
  const answers: unknown[] = [];
  const deliver = (call: Partial<IncomingCall>) =>
    onCall?.({
      destination: ":1.1",
      path: "/a",
      interface: undefined,
      member: "Go",
      signature: "",
      sender: ":1.9",
      expectsReply: true,
      allowsInteraction: false,
      credentials: async () => ({ uid: 0, gids: [] }),
      inTurn: async (work) => work(),
      args: () => [],
      reply: (_signature, result) => answers.push(result),
      fail: (name) => answers.push(name),
      ...call,
    });
  return { dispatcher, deliver, answers };
}

test("the body of a call that is refused is never read", () => {
  const { dispatcher, deliver, answers } = handMade();
  const go = method("u", "", () => assert.fail("called"));
  dispatcher.export("/a", [{ ...tables(new Thing(), { Go: go }) }]);
  const args = () => assert.fail("read");
  for (const call of [{ path: "/b" }, { member: "Gone" }, { interface: "a.b" }, { signature: "aay" }]) {
    deliver({ signature: "u", ...call, args });
  }
  const errors = ["UnknownObject", "UnknownMethod", "UnknownInterface", "InvalidArgs"];
  assert.deepEqual(answers, errors.map(standard));
});

test("a handler's error becomes an error reply; only known errors are told in words", async () => {
  const { addThing, call, lines } = await makeWorld();
  const throwing = (error: unknown) => () => {
    throw error;
  };
  addThing("/a", {
    Known: method("", "", throwing(new DaemonError("WrongState", "not now"))),
    Bus: method("", "", throwing(new BusError("a.b.C", "as the bus says"))),
    Plain: method("", "", throwing(new Error("secret at /a/path"))),
    Text: method("", "", throwing("secret")),
    Later: method("", "", async () => throwing(new Error("secret later"))()),
    LaterKnown: method("", "", async () => throwing(new DaemonError("NotFound"))()),
  });
  const wrongState = { busName: "org.chromium.flimflam.Error.WrongState", message: "not now" };
  await assert.rejects(call("/a", thing, "Known"), wrongState);
  await assert.rejects(call("/a", thing, "Bus"), { busName: "a.b.C", message: "as the bus says" });
  await assert.rejects(call("/a", thing, "LaterKnown"), { message: "Not found" });
  assert.deepEqual(lines, []);
  for (const member of ["Plain", "Text", "Later"]) await assert.rejects(call("/a", thing, member), internalError);
  assert.deepEqual(lines, [
    `${thing}.Plain failed: secret at /a/path`,
    `${thing}.Text failed: secret`,
    `${thing}.Later failed: secret later`,
  ]);
});

test("a result that does not fit its signature is an internal error of that caller only", async () => {
  const { addThing, call, lines } = await makeWorld();
  addThing("/a", {
    Wrong: method("", "u", () => ["text"]),
    Path: method("", "o", () => ["not/a/path"]),
    Many: method("", "", () => [1]),
    Few: method("", "s", () => undefined),
    Later: method("", "s", async () => ["a\0b"]),
    Large: method("", "ay", () => [Buffer.alloc(33 * 1024 * 1024)]),
    Good: method("", "s", () => ["good"]),
  });
  for (const member of ["Wrong", "Path", "Many", "Few", "Later", "Large"]) {
    await assert.rejects(call("/a", thing, member), internalError, member);
  }
  assert.equal(lines.length, 6);
  assert.deepEqual(await call("/a", thing, "Good"), ["good"]);
});

test("one connection may have so many unanswered calls and no more; others are not concerned", async () => {
  const { addThing, bus, call, server, dispatcher } = await makeWorld(3);
  const waiting: (() => void)[] = [];
  addThing("/a", {
    Wait: method("", "", () => new Promise((resolve) => waiting.push(() => resolve(undefined)))),
    Now: method("", "", () => []),
  });
  const calls = [1, 2, 3].map(() => call("/a", thing, "Wait"));
  await assert.rejects(call("/a", thing, "Wait"), { busName: standard("LimitsExceeded") });
  const other = bus.port();
  await other.connect();
  assert.deepEqual(await callFrom(other, server, "/a", thing, "Now"), []);
  assert.equal(dispatcher.callsInFlight, 3);
  waiting.shift()?.();
  await calls[0];
  assert.deepEqual(await call("/a", thing, "Now"), []);
  for (const finish of waiting) finish();
  await Promise.all(calls);
  assert.equal(dispatcher.callsInFlight, 0);
});

test("a call without an interface finds the object's own method first", () => {
  const { dispatcher, deliver, answers } = handMade();
  const target = new Thing();
  const saying = (label: string) => method("", "s", () => [label]);
  const exported = (name: string, methods: Record<string, ReturnType<typeof method>>) => ({
    ...tables(target, methods),
    name,
  });
  dispatcher.export("/a", [
    exported("a.One", { Ping: saying("one") }),
    exported("a.Two", { Ping: saying("two"), Pong: saying("two") }),
  ]);
  for (const member of ["Ping", "Pong", "Nothing"]) deliver({ member });
  deliver({ path: "/", member: "Ping" });
  assert.deepEqual(answers, [["one"], ["two"], standard("UnknownMethod"), []]);
});

test("a path can be exported once at a time, and has to be valid", async () => {
  const { addThing, call } = await makeWorld();
  const made = addThing("/a", { Go: method("", "", () => []) });
  assert.throws(() => addThing("/a"), { busName: standard("ObjectPathInUse") });
  assert.throws(() => addThing("a"), { busName: standard("InvalidArgs") });
  made.handle?.remove();
  made.handle?.remove();
  await assert.rejects(call("/a", thing, "Go"), { busName: standard("UnknownObject") });
  addThing("/a", { Go: method("", "", () => []) });
  assert.deepEqual(await call("/a", thing, "Go"), []);
});

test("an object that is gone says nothing more", async () => {
  const { addThing, signals, settle } = await makeWorld();
  const made = addThing("/a");
  await settle();
  made.handle?.remove();
  made.change("Name", "two");
  made.handle?.emit(thing, "Told", ["too late"]);
  await settle();
  assert.deepEqual(
    signals.map(({ member }) => member),
    ["InterfacesAdded", "InterfacesRemoved"],
  );
});

test("a signal goes out by its table, and a wrong one is refused to its sender", async () => {
  const { addThing, signals, settle } = await makeWorld();
  const { handle } = addThing("/a");
  handle?.emit(thing, "Told", ["this"]);
  await settle();
  assert.deepEqual(
    signals.map(({ member, path, args }) => [member, path, args[0]]),
    [
      ["InterfacesAdded", "/", "/a"],
      ["Told", "/a", "this"],
    ],
  );
  assert.throws(() => handle?.emit(thing, "Told", [1]), { busName: standard("InvalidArgs") });
  assert.throws(() => handle?.emit(thing, "Sold", []), BusError);
  assert.throws(() => handle?.emit("a.Other", "Told", []), BusError);
});
