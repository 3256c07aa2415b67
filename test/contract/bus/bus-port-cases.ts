/** Behaviour of every BusPort, and the dispatcher over it; run against the fake and against a real dbus-daemon. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { DaemonError } from "../../../src/base/errors.ts";
import { silentLog } from "../../../src/base/log.ts";
import { BusError, type BusPort, type Caller, type SignalMessage } from "../../../src/bus/bus.ts";
import { ObjectDispatcher } from "../../../src/bus/objects/dispatcher.ts";

export interface BusWorld {
  /** A connected port. */
  connect(): Promise<BusPort>;
  stop(): Promise<void>;
  /** The bus is back at the same place. */
  start(): Promise<void>;
  /** Waits, in a bounded way, until it is so. */
  until(what: string, isSo: () => boolean): Promise<void>;
  close(): Promise<void>;
}

const name = "org.fairlead.Contract";
const interfaceName = "org.fairlead.Contract1";
const errorName = (short: string) => `org.freedesktop.DBus.Error.${short}`;
const failsWith = (short: string) => (error: unknown) =>
  error instanceof BusError && error.busName === errorName(short);

/** Echoes its argument; `Fail` fails, `Never` never answers, `Caller` names the caller. */
function serveEcho(port: BusPort): void {
  const text = [{ name: "text", signature: "s" }];
  const dispatcher = new ObjectDispatcher({ bus: port, log: silentLog });
  const methods = new Map([
    ["Echo", { in: text, out: text, doc: "", handler: (args: readonly unknown[]) => args }],
    ["Never", { in: [], out: [], doc: "", handler: () => new Promise<undefined>(() => {}) }],
    ["Wrong", { in: [], out: text, doc: "", handler: () => [7] }],
    [
      "Caller",
      {
        in: [],
        out: [
          { name: "sender", signature: "s" },
          { name: "uid", signature: "u" },
        ],
        doc: "",
        handler: async (_args: readonly unknown[], caller: Caller) => [caller.sender, (await caller.credentials()).uid],
      },
    ],
    [
      "Fail",
      {
        in: [],
        out: [],
        doc: "",
        handler: () => {
          throw new DaemonError("NotFound", "no such thing");
        },
      },
    ],
  ]);
  dispatcher.export("/echo", [{ name: interfaceName, methods, signals: new Map(), target: undefined }]);
}

export function busPortCases(world: string, makeWorld: () => Promise<BusWorld>): void {
  const inWorld = (title: string, run: (world: BusWorld) => Promise<void>) =>
    test(`${world}: ${title}`, async () => {
      const made = await makeWorld();
      try {
        await run(made);
      } finally {
        await made.close();
      }
    });
  const echo = (destination: string, member = "Echo", args: readonly unknown[] = ["hello"]) => ({
    destination,
    path: "/echo",
    interface: interfaceName,
    member,
    signature: "s".repeat(args.length),
    args,
  });

  inWorld("a call to a name and to a unique name is answered by its owner", async ({ connect }) => {
    const [server, client] = [await connect(), await connect()];
    serveEcho(server);
    assert.equal(await server.requestName(name), "owner");
    assert.deepEqual(await client.call(echo(name)), ["hello"]);
    assert.deepEqual(await client.call(echo(server.uniqueName ?? "")), ["hello"]);
  });

  inWorld("a handler learns who calls and as which user", async ({ connect }) => {
    const [server, client] = [await connect(), await connect()];
    serveEcho(server);
    const reply = await client.call(echo(server.uniqueName ?? "", "Caller", []));
    assert.deepEqual(reply, [client.uniqueName, process.getuid?.()]);
  });

  inWorld("errors keep their names; faults of a handler are internal errors", async ({ connect }) => {
    const [server, client] = [await connect(), await connect()];
    serveEcho(server);
    const to = server.uniqueName ?? "";
    await assert.rejects(client.call(echo(to, "Fail", [])), {
      busName: "org.chromium.flimflam.Error.NotFound",
      message: "no such thing",
    });
    await assert.rejects(client.call(echo(to, "Wrong", [])), { busName: "org.chromium.flimflam.Error.InternalError" });
    await assert.rejects(client.call(echo(to, "Nothing", [])), failsWith("UnknownMethod"));
    await assert.rejects(client.call(echo(to, "Echo", [])), failsWith("InvalidArgs"));
    await assert.rejects(client.call({ ...echo(to), path: "/nowhere" }), failsWith("UnknownObject"));
    await assert.rejects(client.call({ ...echo(to), interface: "org.fairlead.Other1" }), failsWith("UnknownInterface"));
    await assert.rejects(client.call(echo("org.fairlead.Nobody")), failsWith("ServiceUnknown"));
  });

  inWorld("a call that cannot be sent is refused and harms nothing", async ({ connect }) => {
    const [server, client] = [await connect(), await connect()];
    serveEcho(server);
    const to = server.uniqueName ?? "";
    await assert.rejects(client.call({ ...echo(to), path: "no/path" }), failsWith("InvalidArgs"));
    await assert.rejects(client.call(echo(to, "Echo", ["a\0b"])), failsWith("InvalidArgs"));
    await assert.rejects(client.call(echo(":not a name")), failsWith("InvalidArgs"));
    await assert.rejects(client.call({ ...echo(to), signature: "u" }), failsWith("InvalidArgs"));
    assert.throws(() => client.emit("/a", interfaceName, "Told", "o", ["not a path"]), failsWith("InvalidArgs"));
    await assert.rejects(client.requestName("nodots"), failsWith("InvalidArgs"));
    assert.throws(() => client.match({ interface: "'" }, () => {}), failsWith("InvalidArgs"));
    assert.deepEqual(await client.call(echo(to)), ["hello"]);
  });

  inWorld("a call without an answer ends with its time limit", async ({ connect }) => {
    const [server, client] = [await connect(), await connect()];
    serveEcho(server);
    const call = { ...echo(server.uniqueName ?? "", "Never", []), timeoutMs: 20 };
    await assert.rejects(client.call(call), failsWith("NoReply"));
  });

  inWorld("a name belongs to the first who asks, until released", async ({ connect }) => {
    const [first, second] = [await connect(), await connect()];
    assert.equal(await first.requestName(name), "owner");
    assert.equal(await first.requestName(name), "owner");
    assert.equal(await second.requestName(name), "taken");
    await first.releaseName(name);
    assert.equal(await second.requestName(name), "owner");
  });

  inWorld("a signal reaches those whose rule it fits, and no others", async ({ connect, until }) => {
    const [sender, listener] = [await connect(), await connect()];
    await sender.requestName(name);
    const heard: string[] = [];
    const hear = (label: string) => (signal: SignalMessage) => heard.push(`${label}:${String(signal.args[0])}`);
    listener.match({ sender: name, member: "Told" }, hear("by-name"));
    listener.match({ sender: sender.uniqueName ?? "", path: "/a/b" }, hear("by-path"));
    listener.match({ pathNamespace: "/a" }, hear("by-namespace"));
    listener.match({ arg0: "it's", member: "Told" }, hear("by-argument"));
    listener.match({ interface: "org.fairlead.Other1" }, hear("never"));
    listener.match({ sender: "org.fairlead.Nobody" }, hear("never"));
    const cancel = listener.match({ member: "Told" }, hear("cancelled"));
    await sentBy(listener);
    cancel();
    cancel();
    sender.emit("/ab", interfaceName, "Told", "s", ["it's"]);
    sender.emit("/a/b", interfaceName, "Told", "s", ["last"]);
    await until("the last signal came", () => heard.includes("by-namespace:last"));
    const expected = ["by-name:it's", "by-argument:it's", "by-name:last", "by-path:last", "by-namespace:last"];
    assert.deepEqual(heard, expected);
  });

  inWorld("a signal to one destination reaches only that one, if its rule fits", async ({ connect, until }) => {
    const [sender, listener, other] = [await connect(), await connect(), await connect()];
    const heard: string[] = [];
    listener.match({ member: "Told" }, ({ args }) => heard.push(`listener:${args[0]}`));
    other.match({ member: "Told" }, ({ args }) => heard.push(`other:${args[0]}`));
    await sentBy(listener);
    await sentBy(other);
    sender.emit("/a", interfaceName, "Whispered", "s", ["no rule"], listener.uniqueName);
    sender.emit("/a", interfaceName, "Told", "s", ["one"], listener.uniqueName);
    sender.emit("/a", interfaceName, "Told", "s", ["all"]);
    await until("both heard the last", () => heard.includes("other:all") && heard.includes("listener:all"));
    assert.deepEqual(heard.sort(), ["listener:all", "listener:one", "other:all"]);
  });

  inWorld("signals of a name are heard again after its owner was replaced", async ({ connect, until }) => {
    const listener = await connect();
    const heard: unknown[] = [];
    listener.match({ sender: name, member: "Told" }, ({ args }) => heard.push(args[0]));
    await sentBy(listener);
    for (const round of ["first", "second", "third"]) {
      const sender = await connect();
      await sender.requestName(name);
      sender.emit("/a", interfaceName, "Told", "s", [round]);
      await until(`${round} was heard`, () => heard.at(-1) === round);
      await sender.close();
    }
    const stranger = await connect();
    stranger.emit("/a", interfaceName, "Told", "s", ["stranger"], listener.uniqueName);
    stranger.emit("/a", interfaceName, "End", "", [], listener.uniqueName);
    await sentBy(stranger);
    await sentBy(listener);
    assert.deepEqual(heard, ["first", "second", "third"]);
  });

  inWorld("a watch tells the present owner and each change", async ({ connect, until }) => {
    const [owner, watcher] = [await connect(), await connect()];
    const seen: (string | undefined)[] = [];
    const cancel = watcher.watchName(name, (now) => seen.push(now));
    await until("nobody was told", () => seen.length === 1);
    await owner.requestName(name);
    await until("the owner was told", () => seen.length === 2);
    const late: (string | undefined)[] = [];
    const cancelLate = watcher.watchName(name, (now) => late.push(now));
    await until("a second watch was told the same", () => late.length === 1);
    await owner.close();
    await until("the end was told", () => seen.length === 3 && late.length === 2);
    cancel();
    cancelLate();
    await (await connect()).requestName(name);
    await sentBy(watcher);
    const [, unique] = seen;
    assert.match(unique ?? "", /^:/);
    assert.deepEqual(
      [seen, late],
      [
        [undefined, unique, undefined],
        [unique, undefined],
      ],
    );
  });

  inWorld("replies and signals are seen in the order they were sent", async ({ connect, until }) => {
    const [server, client] = [await connect(), await connect()];
    const seen: string[] = [];
    const told = (text: string) => server.emit("/a", interfaceName, "Told", "s", [text]);
    server.serve((call) => {
      told("before");
      call.reply("", []);
      told("after");
    });
    client.match({ member: "Told" }, ({ args }) => seen.push(String(args[0])));
    const call = { ...echo(server.uniqueName ?? "", "Any", []) };
    for (let round = 0; round < 3; round++) {
      await client.call(call);
      seen.push("reply");
    }
    await until("all came", () => seen.length === 9);
    assert.deepEqual(seen, ["before", "reply", "after", "before", "reply", "after", "before", "reply", "after"]);
  });

  inWorld("a restart of the bus ends all calls and brings back names, matches and watches", async (made) => {
    const [server, client] = [await made.connect(), await made.connect()];
    serveEcho(server);
    await server.requestName(name);
    const states: string[] = [];
    const owners: boolean[] = [];
    const heard: unknown[] = [];
    for (const port of [server, client]) port.onConnection((state) => states.push(state));
    client.watchName(name, (owner) => owners.push(owner !== undefined));
    client.match({ sender: name, member: "Told" }, ({ args }) => heard.push(args[0]));
    await made.until("the owner is known", () => owners.length === 1);
    const endless = assert.rejects(client.call(echo(name, "Never", [])), failsWith("Disconnected"));
    await sentBy(client);
    await made.stop();
    await endless;
    await made.until("both know", () => states.length === 2);
    await assert.rejects(client.call(echo(name)), failsWith("Disconnected"));
    assert.equal(client.uniqueName, undefined);
    server.emit("/a", interfaceName, "Told", "s", ["into the void"]);
    await made.start();
    await made.until("both are back", () => states.length === 4);
    await made.until("the owner is seen", () => owners.length === 3);
    assert.deepEqual(await client.call(echo(name)), ["hello"]);
    server.emit("/a", interfaceName, "Told", "s", ["again"]);
    await made.until("the signal is heard", () => heard.length > 0);
    assert.deepEqual([heard, owners], [["again"], [true, false, true]]);
    assert.deepEqual(states.sort(), ["lost", "lost", "restored", "restored"]);
  });

  inWorld("a name that is no longer wanted is not taken again after a restart", async (made) => {
    const [first, second] = [await made.connect(), await made.connect()];
    await first.requestName(name);
    await first.releaseName(name);
    const restored: string[] = [];
    for (const port of [first, second]) port.onConnection((state) => state === "restored" && restored.push(state));
    await made.stop();
    await made.start();
    await made.until("both are back", () => restored.length === 2);
    assert.equal(await second.requestName(name), "owner");
  });

  inWorld("a port that was closed says so and does not come back", async (made) => {
    const port = await made.connect();
    const states: string[] = [];
    port.onConnection((state) => states.push(state));
    const endless = assert.rejects(port.call(echo(port.uniqueName ?? "", "Any", [])), failsWith("Disconnected"));
    port.serve(() => {});
    await sentBy(port);
    await port.close();
    await endless;
    assert.equal(port.uniqueName, undefined);
    await assert.rejects(port.call(echo(name)), failsWith("Disconnected"));
    assert.deepEqual(states, []);
  });
}

/** All that the port sent so far has reached the bus, and all that was sent before has reached the port. */
async function sentBy(port: BusPort): Promise<void> {
  const daemon = "org.freedesktop.DBus";
  const ask = { destination: daemon, path: "/org/freedesktop/DBus", interface: daemon, member: "GetNameOwner" };
  await port.call({ ...ask, signature: "s", args: [daemon] });
}
