import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { WireVariant } from "../../../../src/base/property.ts";
import { MemoryStorage } from "../../../../src/profiles/memory-store.ts";
import type { ProfileStorage } from "../../../../src/profiles/store.ts";
import { pppoe } from "../../../../src/technologies/pppoe/module.ts";
import { FakeConcentrator } from "../../../fakes/fake-concentrator.ts";
import { cables, FakeMachine } from "../../../fakes/fake-machine.ts";
import { mac } from "../../manager/machine.ts";

const modules = [cables, pppoe];
const text = (value: string): WireVariant => ({ signature: "s", value });
const account = (more: Readonly<Record<string, WireVariant>> = {}) =>
  new Map(
    Object.entries({
      Type: text("pppoe"),
      "PPPoE.Username": text("alice"),
      "PPPoE.Password": text("secret"),
      ...more,
    }),
  );

/** eth0 is plugged in, with only an access concentrator behind it; eth1 is not, and has a DHCP server. */
async function dsl(t: TestContext, storage: ProfileStorage = new MemoryStorage()) {
  const it = new FakeMachine({ modules, storage });
  t.after(() => it.stop());
  const concentrator = new FakeConcentrator(it.processes, it.kernel, it.clock);
  it.kernel.addHardware({ name: "eth0", mac: mac(1), isPlugged: true });
  it.kernel.addHardware({ name: "eth1", mac: mac(2) });
  it.dhcp.serve("eth1", 11);
  await it.start();
  const pass = async (seconds: number) => {
    for (let passed = 0; passed < seconds; passed++) await it.clock.advanceSettled(1000);
  };
  const states = () => it.manager.services.all.map(({ technology, state }) => `${technology} ${state}`);
  return { it, storage, concentrator, pass, states };
}

test("an account is connected over the cable, which its own Service leaves to it", async (t) => {
  const { it, states, pass } = await dsl(t);
  const service = it.manager.configurator.configure(account());
  assert.deepEqual([service.name, service.isConnectable, service.isVisible], ["alice", true, true]);
  service.connect("test");
  await pass(60);
  assert.equal(service.state, "ready");
  assert.ok(states().includes("ethernet idle"), states().join(", "));
  assert.equal(service.device?.linkName, "eth0");
  assert.match(it.kernel.toText(), /^route default dev ppp0 metric 200 /m);
  assert.equal(it.manager.services.all[0], service);
});

test("after a restart it connects by itself, its password was kept, and none can be read", async (t) => {
  const first = await dsl(t);
  first.it.manager.configurator.configure(account()).connect("test");
  await first.pass(2);
  first.it.stop();
  const { it, pass } = await dsl(t, first.storage);
  await pass(40);
  const [service] = it.manager.services.all;
  assert.deepEqual([service?.technology, service?.state], ["pppoe", "ready"]);
  assert.equal(service?.shape.defs.get("PPPoE.Password")?.isSecret, true);
});

test("SaveCredentials false keeps the password out of the Profile", async (t) => {
  const { it } = await dsl(t);
  const service = it.manager.configurator.configure(account({ SaveCredentials: { signature: "b", value: false } }));
  const rows = service.profile?.store.read(service.storageId);
  assert.ok(rows?.has("PPPoE.Username") && !rows.has("PPPoE.Password"));
});

test("a wrong password is ppp-auth-failed; set right, the next attempt connects", async (t) => {
  const { it, pass } = await dsl(t);
  const service = it.manager.configurator.configure(account({ "PPPoE.Password": text("wrong") }));
  service.connect("test");
  await pass(1);
  assert.deepEqual([service.state, service.connection.error], ["failure", "ppp-auth-failed"]);
  it.manager.configurator.configure(account());
  service.connect("test");
  await pass(1);
  assert.equal(service.state, "ready");
});

test("the echo is as configured, and without a cable there is nothing to connect", async (t) => {
  const { it, concentrator, pass } = await dsl(t);
  const count = (value: number) => ({ signature: "i", value });
  const echo = { "PPPoE.LCPEchoFailure": count(2), "PPPoE.LCPEchoInterval": count(3) };
  const service = it.manager.configurator.configure(account(echo));
  service.connect("test");
  await pass(1);
  assert.match(concentrator.commands[0]?.join(" ") ?? "", /lcp-echo-failure 2 lcp-echo-interval 3$/);
  concentrator.freeze();
  await pass(10);
  assert.match(service.connection.reason, /does not answer LCP echo|looking for an access concentrator/);
  it.kernel.unplug("eth0");
  await pass(5);
  assert.deepEqual([service.state, service.isConnectable, concentrator.sessions], ["idle", false, 0]);
  assert.throws(() => service.connect("test"), { code: "Failure" });
  concentrator.thaw();
  it.kernel.plug("eth0");
  await pass(60);
  assert.equal(service.state, "ready");
});

test("a cable with a network on it is not taken without being asked, and the account takes the other one", async (t) => {
  const { it, pass } = await dsl(t);
  it.dhcp.serve("eth0", 10);
  it.kernel.plug("eth1");
  await pass(40);
  const service = it.manager.configurator.configure(account({ AutoConnect: { signature: "b", value: true } }));
  await pass(5);
  assert.equal(service.autoConnectRefusal, "busy");
  it.kernel.addHardware({ name: "eth2", mac: mac(3), isPlugged: true });
  await pass(5);
  assert.deepEqual([service.state, service.device?.linkName], ["ready", "eth2"]);
  assert.equal(it.service("eth0").state, "ready");
});

test("two accounts on one cable: the first keeps it", async (t) => {
  const { it, pass } = await dsl(t);
  const first = it.manager.configurator.configure(account());
  first.connect("test");
  await pass(1);
  const auto = { AutoConnect: { signature: "b", value: true } };
  const second = it.manager.configurator.configure(account({ "PPPoE.Username": text("bob"), ...auto }));
  await pass(5);
  assert.deepEqual([first.state, second.state, second.autoConnectRefusal], ["ready", "idle", "busy"]);
});

test("a user name that is missing, too long or no text is refused", async (t) => {
  const { it } = await dsl(t);
  const configure = (userName: string) => () =>
    it.manager.configurator.configure(account({ "PPPoE.Username": text(userName) }));
  assert.throws(configure(""), { code: "InvalidProperty" });
  assert.throws(configure("a".repeat(256)), { code: "InvalidArguments" });
  assert.throws(configure("alice\nplugin /tmp/evil.so"), { code: "InvalidArguments" });
});
