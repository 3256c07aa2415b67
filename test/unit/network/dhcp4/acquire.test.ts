import assert from "node:assert/strict";
import { test } from "node:test";
import { optionCode } from "../../../../src/network/protocols/dhcp4/options.ts";
import { bytesOf, FakeDhcpServer, serverDatagram, uint32 } from "../../../fakes/fake-dhcp-server.ts";
import { clientMac, World } from "./world.ts";

test("an address takes four messages and no time", async (t) => {
  const world = new World(t);
  await world.up();
  assert.deepEqual(world.server.heard, ["DISCOVER", "REQUEST 10.1.0.100 @10.1.0.1"]);
  assert.deepEqual(world.settings, {
    ipv4: {
      family: 4,
      address: "10.1.0.100",
      prefixLength: 24,
      gateway: "10.1.0.1",
      validSeconds: 3600,
    },
    routes: [],
    nameServers: ["10.1.0.1"],
    searchDomains: [],
    ntpServers: [],
  });
  assert.equal(world.state, "bound");
});

test("the first DISCOVER leaves inside the call of setup", async (t) => {
  const world = new World(t);
  world.setup();
  assert.equal(world.wire.frames.length, 1);
});

test("with rapid commit two messages are enough", async (t) => {
  const world = new World(t, {}, { rapidCommit: true });
  await world.up();
  assert.deepEqual(world.server.heard, ["DISCOVER"]);
  assert.equal(world.settings?.ipv4?.address, "10.1.0.100");
});

test("a server with rapid commit must go the long way when the client does not want it", async (t) => {
  const world = new World(t, { rapidCommit: false }, { rapidCommit: true });
  await world.up();
  assert.equal(world.server.heard.length, 2);
});

test("an ACK to DISCOVER without option 80 is not taken for rapid commit", async (t) => {
  const world = new World(t, {}, { spoil: (answer) => ({ ...answer, type: "ack" }) });
  world.setup();
  await world.pass(1);
  assert.equal(world.state, "selecting");
  assert.deepEqual(world.ignored, { "unexpected-type": 1 });
});

test("DISCOVER is repeated after 4, 8 and 16 seconds, with the same number and growing seconds", async (t) => {
  const world = new World(t, {}, { spoil: () => undefined });
  world.setup();
  const times: number[] = [];
  for (let second = 0; second < 29; second++) {
    await world.pass(1);
    if (world.server.received.length > times.length) times.push(second);
  }
  assert.deepEqual(times, [0, 3, 11, 27]);
  assert.deepEqual(
    world.server.received.map(({ seconds, transactionId }) => [seconds, transactionId]),
    [
      [0, 1],
      [4, 1],
      [12, 1],
      [28, 1],
    ],
  );
});

test("the broadcast flag is set only after two unanswered tries", async (t) => {
  const world = new World(t, {}, { spoil: () => undefined });
  world.setup();
  await world.pass(29);
  assert.deepEqual(world.server.heard, ["DISCOVER", "DISCOVER", "DISCOVER broadcast-flag", "DISCOVER broadcast-flag"]);
});

test("the broadcast flag obeys its setting", async (t) => {
  const always = new World(t, { broadcastFlag: "always" });
  await always.up();
  assert.deepEqual(always.server.heard, ["DISCOVER broadcast-flag", "REQUEST 10.1.0.100 @10.1.0.1 broadcast-flag"]);
  const never = new World(t, { broadcastFlag: "never" }, { spoil: () => undefined });
  never.setup();
  await never.pass(29);
  assert.ok(never.server.received.every(({ isBroadcast }) => !isBroadcast));
});

test("without an answer setup fails after 30 seconds and may be repeated", async (t) => {
  const world = new World(t, {}, { silent: true });
  world.setup();
  await world.pass(29.9);
  assert.deepEqual(world.told, []);
  await world.pass(0.2);
  assert.deepEqual(world.told, ["failed OperationTimeout"]);
  world.server.config.silent = false;
  await world.up();
});

test("a second setup while one is under way is refused and does not disturb it", async (t) => {
  const world = new World(t);
  world.setup();
  await assert.rejects(world.session.setup(new AbortController().signal), { code: "InProgress" });
  await world.pass(0);
  assert.deepEqual(world.told, ["up 10.1.0.100"]);
});

test("an abort ends the setup at once and leaves nothing behind", async (t) => {
  const world = new World(t, {}, { silent: true });
  const abort = new AbortController();
  world.setup(abort.signal);
  abort.abort();
  await world.pass(0);
  assert.deepEqual(world.told, ["failed OperationAborted"]);
  assert.deepEqual(world.clock.pendingTimers(), []);
});

test("a setup that was aborted before it began sends nothing", async (t) => {
  const world = new World(t);
  world.setup(AbortSignal.abort());
  await world.pass(0);
  assert.deepEqual(world.told, ["failed OperationAborted"]);
  assert.equal(world.wire.frames.length, 0);
});

test("an unanswered REQUEST is repeated once, then everything begins anew", async (t) => {
  const world = new World(t, {}, { spoil: (answer) => (answer.type === "ack" ? undefined : answer) });
  world.setup();
  await world.pass(13);
  const request = "REQUEST 10.1.0.100 @10.1.0.1";
  assert.deepEqual(
    world.server.heard.map((line) => line.replace(" broadcast-flag", "")),
    ["DISCOVER", request, request, "DISCOVER", request],
  );
});

test("a NAK to REQUEST starts anew at once, repeated ones ever more slowly", async (t) => {
  const world = new World(t, {}, { refuses: true });
  world.setup();
  await world.pass(0);
  assert.equal(world.server.heard.length, 4, "one immediate second try");
  await world.pass(0.9);
  assert.equal(world.server.heard.length, 4);
  await world.pass(0.2);
  assert.equal(world.server.heard.length, 6);
  await world.pass(28);
  assert.ok(world.server.heard.length <= 14, `${world.server.heard.length} messages in 30 s`);
});

test("the back-off after NAKs outlives a new session", async (t) => {
  const world = new World(t, {}, { refuses: true });
  world.setup();
  await world.pass(5);
  const before = world.server.heard.length;
  await world.session.teardown({ force: true });
  world.attach({});
  world.setup();
  await world.pass(0);
  assert.equal(world.server.heard.length, before);
});

test("of two servers the first to offer gets the REQUEST and the other is not heard any more", async (t) => {
  const world = new World(t);
  const other = new FakeDhcpServer(world.wire, {
    mac: "02:00:00:00:00:02",
    serverId: "10.1.0.2",
    pool: ["10.1.0.200"],
  });
  await world.up();
  assert.equal(world.settings?.ipv4?.address, "10.1.0.100");
  assert.deepEqual(other.heard, ["DISCOVER", "REQUEST 10.1.0.100 @10.1.0.1"]);
});

test("an ACK of another server than the chosen one is ignored and counted", async (t) => {
  const world = new World(
    t,
    {},
    {
      spoil: (answer) =>
        answer.type === "ack"
          ? { ...answer, options: new Map([...answer.options, [optionCode.serverId, bytesOf("10.1.0.66")]]) }
          : answer,
    },
  );
  world.setup();
  await world.pass(1);
  assert.deepEqual(world.told, []);
  assert.deepEqual(world.ignored, { "other-server": 1 });
});

const forgeries = {
  "a spoofed transaction number": [{ transactionId: 4711 }, "other-transaction"],
  "another client's hardware address": [{ hardwareAddress: "02:00:00:00:00:bb" }, "other-client"],
  "a question instead of an answer": [{ op: "request" }, "not-a-reply"],
  "the address 0.0.0.0": [{ yourAddress: "0.0.0.0" }, "unusable"],
  "a multicast address": [{ yourAddress: "224.0.0.5" }, "unusable"],
  "the broadcast address": [{ yourAddress: "255.255.255.255" }, "unusable"],
  "a loopback address": [{ yourAddress: "127.0.0.1" }, "unusable"],
} as const;
for (const [what, [change, because]] of Object.entries(forgeries)) {
  test(`an OFFER with ${what} is ignored and counted`, async (t) => {
    const world = new World(t);
    world.setup();
    world.server.config.spoil = (answer) => ({ ...answer, ...change }) as typeof answer;
    await world.pass(1);
    // Frames for another MAC do not even reach the socket unless they are broadcast.
    if (because === "other-client") {
      world.server.send({
        ...(world.server.received[0] as (typeof world.server.received)[0]),
        op: "reply",
        type: "offer",
        hardwareAddress: "02:00:00:00:00:bb",
      });
      await world.pass(0);
    }
    assert.deepEqual(world.told, []);
    assert.deepEqual(world.ignored, { [because]: 1 });
    assert.equal(world.state, "selecting");
  });
}

test("a wrong UDP checksum is refused, but not where it was left to hardware", async (t) => {
  const offloaded = new World(t, {}, { isChecksumReady: false });
  await offloaded.up();
  const damaged = new World(t);
  damaged.setup();
  damaged.server.config.silent = true;
  const station = damaged.wire.station("02:00:00:00:00:09", () => {});
  await damaged.pass(0);
  const packet = serverDatagram("10.1.0.1", "255.255.255.255", Buffer.alloc(300));
  packet[100] = 0xff;
  station.send("ff:ff:ff:ff:ff:ff", "ipv4", packet);
  await damaged.pass(0);
  assert.deepEqual(damaged.ignored, { malformed: 1 });
});

test("messages say who we are", async (t) => {
  const world = new World(t, {
    hostname: "laptop",
    vendorClass: "fairlead",
    clientId: { kind: "duid", duid: "000300010200000000aa", iaid: 0x01020304 },
    ipv6OnlyPreferred: true,
  });
  await world.up();
  const [discover, request] = world.server.received;
  for (const message of [discover, request]) {
    assert.equal(message?.hardwareAddress, clientMac);
    assert.equal(message?.options.get(optionCode.hostName)?.toString(), "laptop");
    assert.equal(message?.options.get(optionCode.vendorClass)?.toString(), "fairlead");
    assert.equal(message?.options.get(optionCode.clientId)?.toString("hex"), "ff01020304000300010200000000aa");
    assert.equal(message?.options.get(optionCode.maxMessageSize)?.readUInt16BE(0), 1500);
    const wanted = [...(message?.options.get(optionCode.parameterList) ?? [])];
    for (const code of [1, 3, 6, 12, 15, 26, 28, 42, 43, 51, 58, 59, 108, 114, 119, 121, 249, 252]) {
      assert.ok(wanted.includes(code), `option ${code} is asked for`);
    }
  }
  assert.ok(discover?.options.has(optionCode.rapidCommit));
});

test("by default the client identifier is the hardware address", async (t) => {
  const world = new World(t);
  await world.up();
  assert.equal(world.server.received[0]?.options.get(optionCode.clientId)?.toString("hex"), "010200000000aa");
});

const refusedConfigs = {
  hostname: { hostname: "two\nlines" },
  vendorClass: { vendorClass: "x\n" },
  "clientId.duid": { clientId: { kind: "duid", duid: "xyz" } },
  "clientId.hex": { clientId: { kind: "raw", hex: "00" } },
} as const;
for (const [member, config] of Object.entries(refusedConfigs)) {
  test(`a bad ${member} is refused when attaching, by name`, (t) => {
    const world = new World(t);
    assert.throws(
      () => world.handler.attach({ index: 7, name: "eth0", mac: clientMac, mtu: 1500 }, config, {} as never),
      {
        code: "InvalidArguments",
        message: new RegExp(member.replace(".", "\\.")),
      },
    );
  });
}

test("without a packet socket setup fails and says why", async (t) => {
  const world = new World(t);
  world.packets.removeLink(7);
  await assert.rejects(world.session.setup(new AbortController().signal), { code: "Failure", message: /ENODEV/ });
});

test("a network that prefers IPv6 only is left alone for the time it says, at least five minutes", async (t) => {
  const world = new World(t, { ipv6OnlyPreferred: true });
  world.server.config.options.set(optionCode.ipv6OnlyPreferred, uint32(10));
  world.setup();
  await world.pass(0);
  assert.deepEqual(world.told, ["failed OperationAborted"]);
  const heard = world.server.heard.length;
  await world.pass(200);
  world.setup();
  await world.pass(99);
  assert.equal(world.server.heard.length, heard, "still waiting");
  await world.pass(2);
  world.setup();
  await world.pass(0);
  assert.equal(world.server.heard.length, heard + 1);
});

test("option 108 means nothing to a client that did not ask for it", async (t) => {
  const world = new World(t);
  world.server.config.options.set(optionCode.ipv6OnlyPreferred, uint32(10));
  await world.up();
});

test("a link that is down loses the packets and is served when it comes back", async (t) => {
  const world = new World(t);
  world.packets.setLinkUp(7, false);
  world.setup();
  await world.pass(1);
  world.packets.setLinkUp(7, true);
  await world.pass(4);
  assert.deepEqual(world.told, ["up 10.1.0.100"]);
});
