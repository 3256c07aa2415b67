import assert from "node:assert/strict";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import type { TestDaemon } from "../../harness/daemon.ts";
import { run } from "../../harness/namespace.ts";
import { startProcess } from "../../harness/processes.ts";
import { until } from "../../harness/until.ts";
import { addLan, serviceOn, startDaemon, untilState } from "../daemon/support.ts";

const program = fileURLToPath(new URL("shill_clients.py", import.meta.url));
type Answers = Record<string, Record<string, unknown>>;

/** Runs one of the scripts as a person would; its answer. */
async function script(daemon: TestDaemon, verb: string, ...args: string[]): Promise<unknown> {
  const env = { ...process.env, DBUS_SYSTEM_BUS_ADDRESS: daemon.bus.address };
  const child = startProcess("/usr/bin/python3", [program, verb, ...args], { env, name: verb });
  const { code } = await child.waitExit();
  assert.equal(code, 0, `${verb} ${args.join(" ")}: ${child.output()}`);
  return JSON.parse(child.output());
}
const refused = (error: string, text: string) => ({ error: `org.chromium.flimflam.Error.${error}`, text });

test("scripts that list: Manager, Devices, Services, Profiles, IPConfigs", async (t) => {
  await addLan(t, "home", { link: "eth0", net: "10.1.0" });
  await addLan(t, "office", { link: "eth1", net: "10.2.0" });
  const daemon = await startDaemon(t);
  for (const link of ["eth0", "eth1"]) await untilState(daemon, link, "ready");
  const list = async (verb: string, ...args: string[]) => (await script(daemon, verb, ...args)) as Answers;

  const manager = (await list("list-manager")) as unknown as Record<string, unknown>;
  assert.deepEqual([manager.Profiles, manager.DefaultTechnology], [["/profile/default"], "ethernet"]);
  assert.deepEqual(Object.keys(await list("list-devices")).sort(), ["/device/eth0", "/device/eth1"]);
  const services = await list("list-services");
  assert.deepEqual(Object.keys(services), manager.Services);
  for (const service of Object.values(services)) assert.deepEqual([service.Type, service.State], ["ethernet", "ready"]);
  assert.deepEqual(await list("list-connected-services"), manager.Services);
  const { "/profile/default": profile } = await list("list-profiles");
  assert.ok((profile?.Entries as string[] | undefined)?.includes("ethernet_any"));
  const [config] = (await list("list-ipconfigs", "eth1")) as unknown as Record<string, unknown>[];
  assert.match(String(config?.Address), /^10\.2\.0\./);
  assert.deepEqual([config?.Method, config?.Prefixlen], ["dhcp", 24]);
});

test("scripts that change: connect, disconnect, properties, order, claim, enable", async (t) => {
  await addLan(t, "home");
  const daemon = await startDaemon(t);
  await untilState(daemon, "eth0", "ready");
  const say = (verb: string, ...args: string[]) => script(daemon, verb, ...args);

  assert.equal(await say("disconnect-service", "Ethernet"), "idle");
  assert.equal(await say("disconnect-service", "Ethernet"), "idle", "NotConnected is what the script takes for done");
  assert.equal(await say("connect-service", "Ethernet"), "ready");
  assert.equal(await say("set-service-property", "Ethernet", "Priority", "7"), "None");
  assert.equal((await serviceOn(daemon, "eth0"))?.Priority, 7);
  assert.equal(await say("clr-service-property", "/service/", "Priority"), "None");
  assert.equal((await serviceOn(daemon, "eth0"))?.Priority, 0);
  assert.deepEqual(
    await say("set-device-property", "eth0", "Powered", ""),
    refused("InvalidArguments", "Property is read-only"),
  );
  assert.equal(
    ((await say("rm-service", "/service/")) as { error: string }).error,
    "org.chromium.flimflam.Error.NotImplemented",
  );

  assert.equal(await say("service-order"), "vpn,ethernet,wifi,cellular");
  await say("service-order", "ethernet,vpn");
  assert.equal(await say("service-order"), "ethernet,vpn");
  assert.equal(
    ((await say("service-order", "ethernet,ethernet")) as { error: string }).error,
    "org.chromium.flimflam.Error.InvalidArguments",
  );
  await say("set-arp-gateway", "false");
  await say("set-portal-list", "wifi");
  await untilState(daemon, "eth0", "online");
  assert.deepEqual([(await daemon.manager()).ArpGateway, (await daemon.manager()).CheckPortalList], [false, "wifi"]);
  assert.deepEqual(await say("start-scanning", ""), refused("InvalidArguments", "Unrecognized technology "));
  assert.equal(await say("recheck-portal"), "None");

  assert.equal(await say("claim-interface", "me", "eth0"), "None");
  await until("the Device is gone", async () => ((await daemon.manager()).Devices as string[]).length === 0);
  assert.equal(await say("release-interface", "me", "eth0"), "None");
  await untilState(daemon, "eth0", "online");
  assert.equal(await say("disable-device", "eth0"), "None");
  assert.equal((await daemon.properties("/device/eth0", "Device")).Powered, false);
  assert.equal(await say("enable-device", "eth0"), "None");
  await untilState(daemon, "eth0", "online");
});

test("scripts that configure by GUID and by Profile; what they write is there after a restart (T4)", async (t) => {
  await addLan(t, "home");
  const daemon = await startDaemon(t);
  await untilState(daemon, "eth0", "ready");
  const say = (verb: string, ...args: string[]) => script(daemon, verb, ...args);
  assert.deepEqual(await say("configure-service", "nobody"), refused("InvalidArguments", "must specify service type"));
  const path = await say("configure-service", "mine", "Type", "ethernet", "Priority", "3", "UIData", "kept");
  assert.equal(path, (await serviceOn(daemon, "eth0"))?.path);
  const got = (await say("get-service", "mine")) as Record<string, unknown>;
  assert.deepEqual([got.GUID, got.Priority, got.UIData], ["mine", 3, "kept"]);
  assert.equal(await say("find-service", "Type", "ethernet", "GUID", "mine"), path);
  assert.deepEqual(await say("find-service", "GUID", "other"), refused("NotFound", "Matching service was not found"));
  assert.equal(await say("configure-for-profile", "/profile/default", "Type", "ethernet", "UIData", "newer"), path);
  assert.deepEqual(
    await say("configure-for-profile", "/profile/none", "Type", "ethernet"),
    refused("NotFound", "Profile specified was not found"),
  );
  const entry = (await say("get-profile-entry", "default", "ethernet_any")) as Record<string, unknown>;
  assert.deepEqual([entry.Type, entry.UIData], ["ethernet", "newer"]);
  assert.equal(await say("get-profile-entry", "default", "wifi_none"), "not found");
  await daemon.kill();
  await daemon.launch();
  await until("found again", async () =>
    String(await say("find-service", "GUID", "mine", "UIData", "newer")).startsWith("/service/"),
  );
});

test("the name is owned only by who answers, and a second daemon ends with an error (A1, A17)", async (t) => {
  const daemon = await startDaemon(t);
  const second = startProcess(
    "bin/fairleadd",
    [
      "--bus-address",
      daemon.bus.address,
      "--state-dir",
      `${daemon.folder}/s2`,
      "--run-dir",
      `${daemon.folder}/r2`,
      "--foreground",
    ],
    { cwd: fileURLToPath(new URL("../../../", import.meta.url)), name: "second" },
  );
  t.after(() => second.end());
  const { code } = await second.waitExit();
  assert.equal(code, 1, second.output());
  assert.match(
    run("gdbus", ["introspect", "-a", daemon.bus.address, "-d", "org.chromium.flimflam", "-o", "/"]),
    /GetProperties/,
  );
});
