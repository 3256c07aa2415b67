import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import type { TestDaemon } from "../../harness/daemon.ts";
import { run, tryRun } from "../../harness/processes.ts";
import { temporaryFolder } from "../../harness/temporary-folder.ts";
import { until } from "../../harness/until.ts";
import { addressesOf, ip } from "../daemon/kernel-view.ts";
import { addLan, startDaemon } from "../daemon/support.ts";

const fairlead = fileURLToPath(new URL("../../../bin/fairlead", import.meta.url));
const own = "org.fairlead.Interface1";
const standard = "org.freedesktop.DBus.Properties";

const wan = "config interface wan\n option proto dhcp\n option device eth0\n";
const lan = (address: string, more = "") =>
  `config interface lan\n option proto static\n option device eth1\n option ipaddr ${address}\n option netmask 255.255.255.0\n${more}`;

async function pathOf(daemon: TestDaemon, name: string): Promise<string> {
  for (const path of (await daemon.manager()).ServiceCompleteList as string[]) {
    if ((await daemon.properties(path, "Service")).Name === name) return path;
  }
  return assert.fail(`there is no Service ${name}`);
}
type Status = Readonly<Record<string, unknown>>;
async function statusOf(daemon: TestDaemon, name: string): Promise<Status> {
  const [status] = await daemon.call(await pathOf(daemon, name), own, "Status");
  return status as Status;
}
const untilUp = (daemon: TestDaemon, name: string, isUp = true) =>
  until(`${name} is ${isUp ? "up" : "down"}`, async () => (await statusOf(daemon, name)).up === isUp);

test("interfaces of a UCI file come up on their links, and a reload touches only what differs", async (t) => {
  const file = join(temporaryFolder(t), "network");
  writeFileSync(file, wan + lan("192.0.2.1"));
  await addLan(t, "router");
  await addLan(t, "office", { link: "eth1", net: "10.2.0" });
  const daemon = await startDaemon(t, { args: ["--uci-config", file] });
  const config = (...words: string[]) => run(fairlead, ["config", ...words, "--bus-address", daemon.bus.address]);
  await untilUp(daemon, "wan");
  await untilUp(daemon, "lan");
  assert.match(String(addressesOf("eth0")), /^10\.1\.0\.1\d\d\/24$/);
  assert.deepEqual(addressesOf("eth1"), ["192.0.2.1/24"]);
  const status = await statusOf(daemon, "lan");
  assert.deepEqual([status.proto, status.l3_device, status.pending, status.autostart], ["static", "eth1", false, true]);
  assert.deepEqual(status["ipv4-address"], [{ address: "192.0.2.1", mask: 24 }]);

  const lanPath = await pathOf(daemon, "lan");
  const told = daemon.client.signals.length;
  writeFileSync(file, `${wan} option metric 20\n${lan("192.0.2.9")}`);
  assert.equal(config("preview"), "interface wan: change live (metric)\ninterface lan: rebuild (ipaddr)\n");
  assert.equal(config("reload"), "interface wan: change live (metric)\ninterface lan: rebuild (ipaddr)\n");
  await until("the new address is there", () => String(addressesOf("eth1")) === "192.0.2.9/24");
  await untilUp(daemon, "lan");
  const states = daemon.client.signals.slice(told).flatMap(({ path, args: [name, changed] }) => {
    const state = name === own ? (changed as Status).State : undefined;
    return state === undefined ? [] : [`${path} ${state}`];
  });
  assert.deepEqual(states, [`${lanPath} DOWN`, `${lanPath} SETUP`, `${lanPath} UP`]);
  assert.equal(config("reload"), "nothing changes\n");

  writeFileSync(file, `${wan} option metric 20\nconfig\n`);
  const refused = tryRun(fairlead, ["config", "reload", "--bus-address", daemon.bus.address]);
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /:5:1: config needs a type/);
  assert.equal((await statusOf(daemon, "lan")).up, true);
});

test("Down is meant, a link that comes late is taken, and a restart keeps what is up", async (t) => {
  const daemon = await startDaemon(t);
  const file = join(temporaryFolder(t), "network");
  writeFileSync(file, wan + lan("192.0.2.1"));
  run(fairlead, ["config", "import", file, "--bus-address", daemon.bus.address]);
  const [errors] = await daemon.call(await pathOf(daemon, "wan"), standard, "Get", "ss", [own, "Errors"]);
  assert.deepEqual(errors, ["interface NO_DEVICE"]);
  const { server } = await addLan(t, "router");
  await addLan(t, "office", { link: "eth1", net: "10.2.0" });
  await untilUp(daemon, "wan");
  await untilUp(daemon, "lan");
  await daemon.call(await pathOf(daemon, "wan"), own, "Down");
  await untilUp(daemon, "wan", false);
  await until("its address is gone", () => addressesOf("eth0").length === 0);
  ip("link", "set", "eth1", "down");
  ip("link", "set", "eth1", "up");
  assert.equal((await statusOf(daemon, "wan")).autostart, false);
  await daemon.call(await pathOf(daemon, "wan"), own, "Up");
  await untilUp(daemon, "wan");
  await untilUp(daemon, "lan");

  const before = server.log().split("DHCPDISCOVER(").length;
  await daemon.stop();
  await daemon.launch();
  await untilUp(daemon, "lan");
  await untilUp(daemon, "wan");
  assert.equal(server.log().split("DHCPDISCOVER(").length, before, "the lease goes on");
});
