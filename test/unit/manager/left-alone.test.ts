import assert from "node:assert/strict";
import { test } from "node:test";
import { setTechnologyEnabled } from "../../../src/manager/technology-control.ts";
import { FakeMachine } from "../../fakes/fake-machine.ts";
import { mac } from "./machine.ts";

/** eth0 is ours to use; eth1 has another program's address, and br0 was built by another program. All are down. */
async function scene(t: { after(done: () => void): void }) {
  const it = new FakeMachine();
  t.after(() => it.stop());
  it.kernel.addHardware({ name: "eth0", mac: mac(1), isPlugged: true });
  const { index } = it.kernel.addHardware({ name: "eth1", mac: mac(2), isPlugged: true });
  const address = { link: index, family: 4, address: "198.51.100.7", prefixLength: 24 } as const;
  it.kernel.outside({ op: "put-address", address });
  it.kernel.outside({ op: "add-link", link: { kind: "bridge", name: "br0", mac: mac(3) } });
  for (const [at, name] of ["eth0", "eth1"].entries()) it.dhcp.serve(name, 10 + at);
  await it.start();
  const ups = () => ["eth0", "eth1", "br0"].map((name) => it.kernel.snapshot.linkByName(name)?.isUp);
  return { it, address, ups, bridge: it.device("br0").link.index };
}

test("a link that is left alone is not set up, though its Device is enabled", async (t) => {
  const { it, ups } = await scene(t);
  assert.deepEqual(ups(), [true, false, false]);
  assert.deepEqual(
    ["eth1", "br0"].map((name) => [it.device(name).isEnabled, it.service(name).autoConnectRefusal]),
    [
      [true, "device is left alone"],
      [true, "device is left alone"],
    ],
  );
});

test("it goes up when a person connects it", async (t) => {
  const { it, ups } = await scene(t);
  it.service("eth1").connect("a person");
  await it.settle();
  assert.deepEqual(ups(), [true, true, false]);
  assert.equal(it.service("eth1").state, "ready");
});

test("it goes up as soon as nothing keeps it from being ours", async (t) => {
  const { it, ups, address } = await scene(t);
  it.kernel.outside({ op: "delete-address", address });
  await it.settle();
  assert.deepEqual(ups(), [true, true, false]);
  assert.equal(it.service("eth1").state, "ready");
});

test("another program's link stays up when all cables are prohibited, and goes down when a person disables it", async (t) => {
  const { it, ups, bridge } = await scene(t);
  it.kernel.outside({ op: "set-link", link: bridge, change: { isUp: true } });
  await it.settle();
  it.manager.settings.setProperty("ProhibitedTechnologies", "ethernet");
  await it.settle();
  assert.deepEqual(ups(), [false, false, true]);
  it.manager.settings.setProperty("ProhibitedTechnologies", "");
  await it.device("br0").setEnabled(true, { isPersistent: false });
  await it.device("br0").setEnabled(false, { isPersistent: true, isExplicit: true });
  assert.deepEqual(ups(), [false, false, false]);
});

test("a link that another program set up or down stays so when the technology is switched off and on", async (t) => {
  const { it, ups, bridge } = await scene(t);
  it.kernel.outside({ op: "set-link", link: bridge, change: { isUp: true } });
  await it.settle();
  await setTechnologyEnabled(it.manager, "ethernet", false);
  assert.deepEqual(ups(), [false, false, true]);
  assert.equal(it.device("br0").isEnabled, false);
  await setTechnologyEnabled(it.manager, "ethernet", true);
  assert.deepEqual(ups(), [true, false, true]);
});

test("enabling or disabling its own Device counts, in any state of the technology", async (t) => {
  const { it, ups, bridge } = await scene(t);
  const bridgeDevice = it.device("br0");
  const itself = { isPersistent: true, isExplicit: true };
  await bridgeDevice.setEnabled(true, itself);
  assert.deepEqual(ups(), [true, false, true]);
  await setTechnologyEnabled(it.manager, "ethernet", false);
  assert.deepEqual(ups(), [false, false, false], "set up by us");
  it.kernel.outside({ op: "set-link", link: bridge, change: { isUp: true } });
  await it.settle();
  await bridgeDevice.setEnabled(false, itself);
  assert.deepEqual(ups(), [false, false, false]);
  assert.equal(bridgeDevice.isEnabled, false);
});

test("a port of another link is not set down by hand of ours when it joins, nor up while it is one", async (t) => {
  const { it, ups, bridge } = await scene(t);
  const eth0 = it.device("eth0").link.index;
  it.kernel.outside({ op: "set-link", link: eth0, change: { master: bridge, isUp: false } });
  await it.settle();
  assert.deepEqual(ups(), [false, false, false]);
});

test("ports that are there before us stay as they are, and go up once they are let go", async (t) => {
  const it = new FakeMachine();
  t.after(() => it.stop());
  const { index } = it.kernel.addHardware({ name: "eth0", mac: mac(1), isPlugged: true });
  it.kernel.outside({ op: "add-link", link: { kind: "bridge", name: "br0", mac: mac(3) } });
  const bridge = it.kernel.addHardware({ name: "lan0", mac: mac(4) }).index - 1;
  it.kernel.outside({ op: "set-link", link: index, change: { master: bridge } });
  await it.start();
  assert.equal(it.kernel.snapshot.linkByName("eth0")?.isUp, false);
  it.kernel.outside({ op: "set-link", link: index, change: { master: 0 } });
  await it.settle();
  assert.equal(it.kernel.snapshot.linkByName("eth0")?.isUp, true);
});
