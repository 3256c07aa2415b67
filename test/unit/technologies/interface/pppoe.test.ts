import assert from "node:assert/strict";
import { test } from "node:test";
import { readNetworkConfig } from "../../../../src/config/uci/network-config.ts";
import { FakeConcentrator } from "../../../fakes/fake-concentrator.ts";
import { FakeMachine } from "../../../fakes/fake-machine.ts";
import { mac } from "../../manager/machine.ts";

const uci = (more = "") =>
  `config interface wan\n option proto pppoe\n option device eth0\n option username alice\n option password secret\n${more}`;

async function dsl(t: { after(done: () => void): void }, text = uci()) {
  const it = new FakeMachine({ uci: text });
  t.after(() => it.stop());
  const concentrator = new FakeConcentrator(it.processes, it.kernel, it.clock);
  it.kernel.addHardware({ name: "eth0", mac: mac(1), isPlugged: true });
  await it.start();
  const wan = it.manager.services.all.find(({ name }) => name === "wan") ?? assert.fail("there is no wan");
  return { it, concentrator, wan };
}
type World = Awaited<ReturnType<typeof dsl>>;
const kernelHas = ({ it }: World, pattern: RegExp) => pattern.test(it.kernel.toText());
const pass = async ({ it }: World, seconds: number) => {
  for (let passed = 0; passed < seconds; passed++) await it.clock.advanceSettled(1000);
};

test("a session carries address, default route and name servers on its own link", async (t) => {
  const world = await dsl(t);
  const { it, wan } = world;
  assert.equal(wan.state, "ready");
  assert.equal(wan.configured?.l3Device, "ppp0");
  assert.match(it.kernel.toText(), /^route default dev ppp0 metric 200 /m);
  assert.doesNotMatch(it.kernel.toText(), /route default dev eth0/);
  assert.deepEqual(it.nameServers, ["10.64.0.53", "10.64.0.54"]);
  assert.deepEqual(
    it.kernel.requested.filter(({ op }) => op === "put-address"),
    [],
  );
});

test("the section's options reach pppd, and no password", async (t) => {
  const { concentrator } = await dsl(
    t,
    uci(" option service gold\n option ac isp\n option keepalive '3 10'\n option mtu 1400\n"),
  );
  const [command = []] = concentrator.commands;
  assert.match(
    command.join(" "),
    /pppoe-ac isp pppoe-service gold nic-eth0 .*user alice .*mtu 1400 mru 1400 lcp-echo-failure 3 lcp-echo-interval 10$/,
  );
  assert.ok(!command.includes("secret"));
});

test("peerdns 0 and defaultroute 0 are heeded", async (t) => {
  const { it, wan } = await dsl(t, uci(" option peerdns 0\n option defaultroute 0\n option dns 192.0.2.53\n"));
  assert.equal(wan.state, "ready");
  assert.deepEqual(it.nameServers, ["192.0.2.53"]);
  assert.doesNotMatch(it.kernel.toText(), /route default/);
});

test("a reload that changes what pppd is told begins a new session; one that does not leaves it alone", async (t) => {
  const { it, concentrator } = await dsl(t);
  for (const [more, sessions] of [
    [" option metric 5\n", 1],
    [" option peerdns 0\n", 2],
    [" option peerdns 0\n option keepalive 3\n", 3],
  ] as const) {
    it.configuration.text = uci(more);
    it.manager.configuration.reload();
    await it.clock.advanceSettled(1000);
    assert.deepEqual([concentrator.commands.length, concentrator.sessions], [sessions, 1], more);
  }
});

test("a wrong password is an error of its own, tried again less and less often", async (t) => {
  const world = await dsl(t, uci().replace("secret", "wrong"));
  const { concentrator, wan } = world;
  assert.deepEqual([wan.state, wan.connection.error], ["failure", "ppp-auth-failed"]);
  assert.match(wan.connection.reason, /refuses the user name or the password/);
  await pass(world, 600);
  const attempts = concentrator.commands.length;
  assert.ok(attempts >= 10 && attempts <= 20, `${attempts} attempts in ten minutes`);
});

test("no concentrator is another error; a session comes up once there is one", async (t) => {
  const world = await dsl(t);
  const { concentrator, wan } = world;
  concentrator.isThere = false;
  concentrator.endSessions();
  await pass(world, 1);
  assert.deepEqual(
    [wan.state, wan.connection.reason],
    ["configuration", "the access concentrator has ended the session"],
  );
  assert.ok(!kernelHas(world, /ppp0/));
  await pass(world, 30);
  assert.equal(wan.connection.previousError, "connect-failed");
  assert.match(wan.connection.attempts.lastFailure?.because ?? "", /no access concentrator answers/);
  concentrator.isThere = true;
  await pass(world, 120);
  assert.equal(wan.state, "ready");
});

test("sessions that end at once are not begun again without a pause", async (t) => {
  const world = await dsl(t);
  const { it, concentrator } = world;
  for (let at = 0; at < 300; at++) {
    concentrator.endSessions();
    await it.clock.advanceSettled(100);
  }
  assert.ok(concentrator.commands.length <= 9, `${concentrator.commands.length} sessions in half a minute`);
});

test("the cable out ends the session, and in again begins one", async (t) => {
  const world = await dsl(t);
  const { it, concentrator, wan } = world;
  it.kernel.unplug("eth0");
  await pass(world, 5);
  assert.deepEqual([wan.state, concentrator.sessions], ["idle", 0]);
  assert.doesNotMatch(it.kernel.toText(), /ppp0|10\.64\./);
  it.kernel.plug("eth0");
  await pass(world, 1);
  assert.equal(wan.state, "ready");
});

test("a disconnect leaves nothing", async (t) => {
  const world = await dsl(t);
  const { it, concentrator, wan } = world;
  wan.disconnect("D-Bus RPC");
  await pass(world, 1);
  assert.deepEqual([wan.state, concentrator.sessions, it.nameServers], ["idle", 0, []]);
  assert.doesNotMatch(it.kernel.toText(), /ppp0|10\.64\./);
  await pass(world, 300);
  assert.equal(concentrator.commands.length, 1);
});

test("a machine without pppd says so", async (t) => {
  const it = new FakeMachine({ uci: uci() });
  t.after(() => it.stop());
  it.kernel.addHardware({ name: "eth0", mac: mac(1), isPlugged: true });
  await it.start();
  const wan = it.manager.services.all.find(({ name }) => name === "wan");
  assert.match(wan?.connection.reason ?? "", /pppd is not installed/);
});

test("options of pppoe that have no effect, and those that are wrong, are named without the password", () => {
  const { problems } = readNetworkConfig(uci(" option demand 300\n option keepalive five\n option colour red\n"));
  assert.deepEqual(
    problems.map(({ line, message }) => [line, message]),
    [
      [6, "wan: demand has no effect yet"],
      [7, 'wan: keepalive is a number of failures and, after a blank, one of seconds, not "five"'],
      [8, "wan: unknown option colour"],
    ],
  );
  const wrong = readNetworkConfig(uci().replace("option password secret", `option password '${"geheim".repeat(100)}'`));
  assert.ok(wrong.problems.length === 1 && !JSON.stringify(wrong.problems).includes("geheim"));
});
