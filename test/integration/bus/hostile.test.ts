import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { MessageFlag, MessageType } from "../../../src/bus/wire/message.ts";
import { requirePrivateNamespace } from "../../harness/namespace.ts";
import { until } from "../../harness/until.ts";
import { RawPeer, replaceSignature, turnedRound } from "./raw-peer.ts";
import { connect, exportSample, keepingLog, method, privateBus, runProgram, sampleInterface } from "./support.ts";

requirePrivateNamespace();

const name = "org.fairlead.Test";
const standard = (short: string) => `org.freedesktop.DBus.Error.${short}`;
const properties = "org.freedesktop.DBus.Properties";

/** Our side with the name and a sample object, and a stranger. */
async function meet(t: TestContext, policy = "") {
  const { address } = await privateBus(t, { policy });
  const { log, lines } = keepingLog();
  const bus = await connect(t, address, {}, log);
  const exported = exportSample(bus, [], log);
  assert.equal(await bus.requestName(name), "owner");
  const states: string[] = [];
  bus.onConnection((state) => states.push(state));
  const peer = await RawPeer.connect(t, address);
  /** We answer, on the connection we had from the start. */
  const answers = async () => {
    const reply = await peer.call({ ...echo, body: ["still here"] });
    assert.deepEqual([reply.message.errorName, ...reply.args], [undefined, "still here"]);
    assert.deepEqual(states, []);
  };
  return { address, bus, peer, answers, lines, ...exported };
}
const sample = { type: MessageType.METHOD_CALL, destination: name, path: "/sample", interface: sampleInterface };
const echo = { ...sample, member: "Echo", signature: "s" };

test("fault 1: a call with a file descriptor in its signature but none attached is answered with an error", async (t) => {
  const { bus, peer, answers } = await meet(t);
  for (const member of ["Echo", "EchoVariant", "Nothing"]) {
    const call = { ...sample, member, signature: "u", body: [0] };
    const reply = await peer.call(call, (bytes) => replaceSignature(bytes, "u", "h"));
    assert.equal(reply.message.errorName, standard(member === "Nothing" ? "UnknownMethod" : "InvalidArgs"));
    assert.equal(reply.message.sender, bus.uniqueName);
  }
  await answers();
});

test("fault 1: a variant with a file descriptor inside does no harm", async (t) => {
  const { bus, peer, answers } = await meet(t);
  const body = [{ signature: "u", value: 0 }];
  const reply = await peer.call({ ...sample, member: "EchoVariant", signature: "v", body }, (bytes) => {
    bytes[bytes.length - 7] = "h".charCodeAt(0);
  });
  assert.deepEqual([reply.message.type, reply.message.sender], [MessageType.ERROR, bus.uniqueName]);
  await answers();
});

test("fault 1: a signal with a file descriptor, to us alone, is ignored", async (t) => {
  const { bus, peer, answers, lines } = await meet(t);
  const heard: unknown[] = [];
  bus.match({ member: "Poison" }, (signal) => heard.push(signal));
  const signal = { type: MessageType.SIGNAL, path: "/", interface: "a.b", member: "Poison", destination: name };
  peer.sendMessage({ ...signal, signature: "u", body: [0] }, (bytes) => replaceSignature(bytes, "u", "h"));
  await answers();
  assert.deepEqual(heard, []);
  assert.ok(lines.includes("ignored a signal: file descriptors are not accepted"), "it has come to us");
});

test("fault 1: so is one from a user whose calls the policy refuses", async (t) => {
  const deny = `<policy context="mandatory"><deny send_destination="${name}" send_type="method_call"/></policy>`;
  const { bus, peer, lines } = await meet(t, deny);
  bus.match({ member: "Poison" }, () => assert.fail("heard"));
  const signal = { type: MessageType.SIGNAL, path: "/", interface: "a.b", member: "Poison", destination: name };
  peer.sendMessage({ ...signal, signature: "u", body: [0] }, (bytes) => replaceSignature(bytes, "u", "h"));
  const refused = await peer.call({ ...echo, body: ["x"] });
  assert.equal(refused.message.errorName, standard("AccessDenied"));
  const alive = { destination: "org.freedesktop.DBus", path: "/", interface: "org.freedesktop.DBus", member: "GetId" };
  assert.equal((await bus.call(alive)).length, 1);
  assert.ok(lines.includes("ignored a signal: file descriptors are not accepted"), "it has come to us");
});

test("fault 2: setting a read-only property answers an error and changes nothing; a write-only one is never told", async (t) => {
  const { address, answers, sample: model, peer } = await meet(t);
  const busctl = (...args: string[]) => runProgram(t, "busctl", [`--address=${address}`, ...args], address);
  const refused = await busctl("set-property", name, "/sample", sampleInterface, "Level", "u", "99");
  assert.notEqual(refused.code, 0);
  assert.match(refused.text, /read-only/);
  assert.equal(model.values.get("Level"), 7);
  for (const secret of ["Secret", "Drop"]) {
    const reply = await peer.call({
      ...sample,
      interface: properties,
      member: "Get",
      signature: "ss",
      body: [sampleInterface, secret],
    });
    assert.equal(reply.message.errorName, standard("AccessDenied"));
    const set = await busctl("set-property", name, "/sample", sampleInterface, secret, "s", "new");
    assert.equal(set.code, 0, set.text);
    assert.equal(model.values.get(secret), "new");
  }
  const all = await peer.call({
    ...sample,
    interface: properties,
    member: "GetAll",
    signature: "s",
    body: [sampleInterface],
  });
  assert.deepEqual([...(all.args[0] as Map<string, unknown>).keys()], ["Name", "Level", "Tags"]);
  await answers();
});

test("fault 3: what the bus would disconnect us for is refused before it is sent", async (t) => {
  const { bus, answers, sample: model, peer } = await meet(t);
  const { exported } = model;
  assert.throws(() => exported?.emit(sampleInterface, "Happened", ["a\0b"]), { busName: standard("InvalidArgs") });
  assert.throws(() => bus.emit("/bad//path", "a.b", "C", "", []), { busName: standard("InvalidArgs") });
  assert.throws(() => bus.emit("/", "a.b", "C", "(", [1]), { busName: standard("InvalidArgs") });
  assert.throws(() => bus.emit("/", "a.b", "C", "v", [{ signature: "ss", value: 1 }]), {
    busName: standard("InvalidArgs"),
  });
  assert.throws(() => bus.emit("/", "a.b", "C", "", [], ":bad name"), { busName: standard("InvalidArgs") });
  assert.throws(() => bus.emit("/", "bad", "C", "", []), { busName: standard("InvalidArgs") });
  assert.throws(() => bus.emit("/", "a.b", "C", "s", ["x".repeat(33 * 1024 * 1024)]), /larger than/);
  model.change("Name", "now with \0 inside");
  const all = await peer.call({ ...sample, member: "GetProperties" });
  assert.deepEqual([...(all.args[0] as Map<string, unknown>).keys()], ["Level", "Tags"]);
  await answers();
});

test("fault 4: match rules that are no longer wanted are gone from the bus", async (t) => {
  const { address, bus, answers } = await meet(t);
  const countRules = async () => {
    const stats = ["call", "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus.Debug.Stats"];
    const call = [`--address=${address}`, ...stats, "GetConnectionStats", "s", bus.uniqueName ?? ""];
    const { text } = await runProgram(t, "busctl", call, address);
    return Number(/"MatchRules" u (\d+)/.exec(text)?.[1] ?? Number.NaN);
  };
  const before = await countRules();
  if (Number.isNaN(before)) {
    t.skip("this dbus-daemon was built without statistics");
    return;
  }
  const cancels = [
    bus.match({ member: "Told", sender: "org.fairlead.Peer" }, () => {}),
    bus.match({ member: "Told", sender: "org.fairlead.Peer" }, () => {}),
    bus.watchName("org.fairlead.Other", () => {}),
  ];
  // One rule for the two equal matches, one to follow the owner of their sender, one for the watch.
  assert.equal(await countRules(), before + 3);
  for (const cancel of cancels) cancel();
  for (let round = 0; round < 50; round++) bus.match({ arg0: String(round) }, () => {})();
  assert.equal(await countRules(), before);
  await answers();
});

test("fault 4: a call to a name is answered though we called that name when it was another client's", async (t) => {
  const { address, bus, peer } = await meet(t);
  const other = await connect(t, address);
  exportSample(other);
  const shared = "org.fairlead.Shared";
  await other.requestName(shared);
  const call = { destination: shared, path: "/sample", interface: sampleInterface, member: "Echo", signature: "s" };
  assert.deepEqual(await bus.call({ ...call, args: ["theirs"] }), ["theirs"]);
  await other.releaseName(shared);
  await bus.requestName(shared);
  const reply = await peer.call({ ...call, body: ["ours"] });
  assert.deepEqual(reply.args, ["ours"]);
});

test("fault 5: an error of a handler shows no stack and no path", async (t) => {
  const { peer, answers } = await meet(t);
  const reply = await peer.call({ ...sample, member: "Break" });
  assert.equal(reply.message.errorName, "org.chromium.flimflam.Error.InternalError");
  assert.deepEqual(reply.args, ["Internal error"]);
  await answers();
});

test("fault 5: a call that expects no reply gets none, also after an error", async (t) => {
  const { peer, answers } = await meet(t);
  const serials = ["Echo", "Break", "Nothing", "WhoAmI"].map((member) =>
    peer.sendMessage({ ...sample, member, flags: MessageFlag.NO_REPLY_EXPECTED }),
  );
  await answers();
  assert.deepEqual(
    peer.heard.filter(({ message }) => serials.includes(message.replySerial ?? 0)),
    [],
  );
});

test("fault 5: dictionaries with other keys than strings, without prototype, and with __proto__ go both ways", async (t) => {
  const { bus, peer, answers } = await meet(t);
  const evil = new Map([["__proto__", { signature: "s", value: "evil" }]]);
  const reply = await peer.call({ ...sample, member: "EchoDict", signature: "a{sv}", body: [evil] });
  assert.deepEqual(reply.args, [evil]);
  assert.equal(({} as { evil?: unknown }).evil, undefined);
  const heard: unknown[] = [];
  peer.sendMessage({
    type: MessageType.METHOD_CALL,
    destination: "org.freedesktop.DBus",
    path: "/",
    interface: "org.freedesktop.DBus",
    member: "AddMatch",
    signature: "s",
    body: ["member='Dicts'"],
  });
  await answers();
  bus.emit("/", "a.b", "Dicts", "a{us}a{ss}", [new Map([[5, "five"]]), Object.assign(Object.create(null), { k: "v" })]);
  await answers();
  for (const { message, args } of peer.heard) if (message.member === "Dicts") heard.push(...args);
  assert.deepEqual(heard, [new Map([[5, "five"]]), new Map([["k", "v"]])]);
});

test("fault 5: a handler sees the sender and its user", async (t) => {
  const { peer, answers } = await meet(t);
  for (let round = 0; round < 3; round++) {
    assert.deepEqual((await peer.call({ ...sample, member: "WhoAmI" })).args, [process.getuid?.()]);
  }
  await answers();
});

test("a message of the other byte order is understood", async (t) => {
  const { peer } = await meet(t);
  peer.send(turnedRound({ ...echo, body: ["hello"] }, 500));
  assert.deepEqual((await peer.replyTo(500)).args, ["hello"]);
});

test("replies without a call and forged ones are ignored", async (t) => {
  const open = `<policy context="default"><allow send_requested_reply="false" send_type="method_return"/>
    <allow receive_requested_reply="false" receive_type="method_return"/></policy>`;
  const { address, bus, peer, answers, lines } = await meet(t, open);
  const thief = await RawPeer.connect(t, address);
  let outcome: unknown;
  const call = { destination: peer.uniqueName, path: "/", interface: "a.b", member: "Wait", timeoutMs: 60_000 };
  bus.call(call).then(
    (args) => {
      outcome = args;
    },
    (error) => {
      outcome = error;
    },
  );
  const asked = await until("the call has come", () => peer.heard.find(({ message }) => message.member === "Wait"));
  const serial = asked.message.serial as number;
  const forged = { type: MessageType.METHOD_RETURN, destination: bus.uniqueName, signature: "s", body: ["forged"] };
  for (let replySerial = 1; replySerial < serial + 50; replySerial++) thief.sendMessage({ ...forged, replySerial });
  await thief.call({ ...echo, body: ["sent"] });
  await answers();
  assert.equal(outcome, undefined);
  assert.ok(lines.includes("ignored a message: a reply that nobody asked for"), "they have come to us");
  peer.sendMessage({ ...forged, replySerial: serial, body: ["true"] });
  await until("the true answer has come", () => outcome !== undefined);
  assert.deepEqual(outcome, ["true"]);
  peer.sendMessage({ ...forged, replySerial: serial, body: ["once more"] });
  await answers();
});

test("a burst of broken calls of all kinds leaves us answering", async (t) => {
  const { peer, answers, dispatcher } = await meet(t);
  const kinds = [
    { path: "/nowhere" },
    { member: "Nothing" },
    { interface: "a.b" },
    { interface: undefined },
    { signature: "u", body: [1] },
    { signature: "aay", body: [[]] },
    { interface: properties, member: "Get", signature: "ss", body: ["", ""] },
    {
      interface: properties,
      member: "Set",
      signature: "ssv",
      body: [sampleInterface, "Level", { signature: "s", value: "" }],
    },
    { interface: properties, member: "GetAll", signature: "s", body: ["__proto__"] },
  ];
  const serials = Array.from({ length: 500 }, (_unused, at) =>
    peer.sendMessage({ ...echo, body: ["x"], ...kinds[at % kinds.length] }),
  );
  // Each of them: the bus itself answers calls beyond its limits, and may do so before our answers to earlier ones.
  for (const serial of serials) await peer.replyTo(serial);
  assert.equal(dispatcher.callsInFlight, 0);
  await answers();
});

test("one connection that leaves its calls unanswered is limited, others are not", async (t) => {
  const { address } = await privateBus(t);
  const bus = await connect(t, address);
  const never = method("", "", () => new Promise(() => {}));
  exportSample(bus, [["Never", never]]);
  await bus.requestName(name);
  const [greedy, honest] = [await RawPeer.connect(t, address), await RawPeer.connect(t, address)];
  for (let count = 0; count < 128; count++) greedy.sendMessage({ ...sample, member: "Never" });
  assert.equal((await greedy.call({ ...echo, body: ["x"] })).message.errorName, standard("LimitsExceeded"));
  assert.deepEqual((await honest.call({ ...echo, body: ["x"] })).args, ["x"]);
});
