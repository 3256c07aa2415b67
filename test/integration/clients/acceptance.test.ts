/** The requests of ChromeOS's own acceptance tests (autotest and Tast) to a connection manager. */
import assert from "node:assert/strict";
import { existsSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { variant } from "../../harness/bus-client.ts";
import type { Properties, TestDaemon } from "../../harness/daemon.ts";
import { until } from "../../harness/until.ts";
import { addressOf } from "../daemon/kernel-view.ts";
import { addLan, serviceOn, startDaemon, untilState } from "../daemon/support.ts";

const manager = (daemon: TestDaemon, member: string, signature = "", body: unknown[] = []) =>
  daemon.call("/", "org.chromium.flimflam.Manager", member, signature, body);
const staticIp = (values: Readonly<Record<string, unknown>>) => variant("a{sv}", values);
const ethernet = { Type: variant("s", "ethernet") };
const untilAddress = (address: string) => until(`eth0 has ${address}`, () => addressOf("eth0") === address, 30_000);

test("a machine Profile that is pushed adopts the Ethernet Service and is not there after a restart (T2, T7)", async (t) => {
  await addLan(t, "home");
  // A pair of the test's own making, which is not called as a cable is: an administrator has to name it.
  const daemon = await startDaemon(t, { args: ["--allow", "eth0,test_veth"] });
  await untilState(daemon, "eth0", "ready");
  await manager(daemon, "RemoveProfile", "s", ["test"]);
  await manager(daemon, "PopAllUserProfiles");
  assert.deepEqual(await manager(daemon, "CreateProfile", "s", ["test"]), ["/profile/test"]);
  assert.deepEqual(await manager(daemon, "PushProfile", "s", ["test"]), ["/profile/test"]);
  assert.equal(((await daemon.manager()).Profiles as string[]).at(-1), "/profile/test");
  assert.ok(((await daemon.properties("/profile/test", "Profile")).Entries as string[]).includes("ethernet_any"));

  await addLan(t, "second", { link: "test_veth", net: "10.9.0" });
  const device = () => daemon.properties("/device/test_veth", "Device").catch(() => undefined);
  await until("the Device is there", async () => (await device())?.Name === "test_veth");
  const { path } = await untilState(daemon, "test_veth", "ready");
  assert.equal((await device())?.SelectedService, path);
  const before = (await serviceOn(daemon, "test_veth"))?.Priority as number;
  await daemon.setProperty(String(path), "Service", "Priority", "i", before + 1);
  await daemon.stop();
  await daemon.launch();
  await untilState(daemon, "test_veth", "ready");
  assert.deepEqual((await daemon.manager()).Profiles, ["/profile/default"]);
  assert.equal(
    (await serviceOn(daemon, "test_veth"))?.Priority,
    before,
    "the setting went to the Profile that is gone",
  );
});

test("each machine Profile has its static address, in the kernel at once (T6)", async (t) => {
  await addLan(t, "home");
  const daemon = await startDaemon(t);
  const { path } = await untilState(daemon, "eth0", "ready");
  await manager(daemon, "CreateProfile", "s", ["first"]);
  await manager(daemon, "PushProfile", "s", ["first"]);
  const one = { Address: variant("s", "10.1.0.41"), Prefixlen: variant("i", 24) };
  const two = { Address: variant("s", "10.1.0.42"), Prefixlen: variant("i", 24) };
  await daemon.setProperty(String(path), "Service", "StaticIPConfig", "a{sv}", one);
  await untilAddress("10.1.0.41/24");
  await manager(daemon, "CreateProfile", "s", ["second"]);
  await manager(daemon, "PushProfile", "s", ["second"]);
  assert.deepEqual(
    await manager(daemon, "FindMatchingService", "a{sv}", [{ ...ethernet, StaticIPConfig: staticIp(one) }]),
    [path],
  );
  assert.equal(addressOf("eth0"), "10.1.0.41/24");
  const configuration = { ...ethernet, StaticIPConfig: staticIp(two) };
  await manager(daemon, "ConfigureServiceForProfile", "oa{sv}", ["/profile/second", configuration]);
  await untilAddress("10.1.0.42/24");
  await manager(daemon, "PopProfile", "s", ["second"]);
  await untilAddress("10.1.0.41/24");
  await manager(daemon, "PushProfile", "s", ["second"]);
  await untilAddress("10.1.0.42/24");
  assert.equal((await serviceOn(daemon, "eth0"))?.IsConnected, true, "connected all the while");
});

test("the host name for DHCP servers reaches the server, and outlives Profiles that come and go (T8)", async (t) => {
  const { server } = await addLan(t, "home");
  const daemon = await startDaemon(t);
  const { path } = await untilState(daemon, "eth0", "ready");
  const hostname = async () => (await daemon.manager())["DHCPProperty.Hostname"];
  await daemon.setProperty("/", "Manager", "DHCPProperty.Hostname", "s", "laptop");
  const service = (member: string) => daemon.call(String(path), "org.chromium.flimflam.Service", member);
  await service("Disconnect");
  await until("idle", async () => (await serviceOn(daemon, "eth0"))?.State === "idle");
  await service("Connect");
  await untilState(daemon, "eth0", "ready");
  await until("the server heard the name", () => /laptop/.test(server.log()));
  await manager(daemon, "CreateProfile", "s", ["test"]);
  await manager(daemon, "PushProfile", "s", ["test"]);
  assert.equal(await hostname(), "laptop");
  await manager(daemon, "PopProfile", "s", ["test"]);
  assert.equal(await hostname(), "laptop");
  await daemon.setProperty("/", "Manager", "DHCPProperty.Hostname", "s", "");
  assert.equal(await hostname(), "");
});

test("a static address beside DHCP: one IPConfig, which differs in the address only (T9)", async (t) => {
  await addLan(t, "home");
  const daemon = await startDaemon(t);
  const { path } = await untilState(daemon, "eth0", "ready");
  const configs = async (): Promise<Properties[]> => {
    const paths = (await daemon.properties("/device/eth0", "Device")).IPConfigs as string[];
    return Promise.all(paths.map((config) => daemon.properties(config, "IPConfig")));
  };
  const [dhcp] = await configs();
  const values = {
    Address: variant("s", "10.1.0.254"),
    Gateway: variant("s", dhcp?.Gateway),
    Prefixlen: variant("i", dhcp?.Prefixlen),
  };
  await daemon.setProperty(String(path), "Service", "StaticIPConfig", "a{sv}", values);
  await untilAddress("10.1.0.254/24");
  const merged = await until("one IPConfig has the address", async () => {
    const now = await configs();
    return now.length === 1 && now[0]?.Address === "10.1.0.254" ? now[0] : undefined;
  });
  const { Address: _dhcpAddress, Method: _dhcpMethod, ...expected } = dhcp ?? {};
  const { Address: _address, Method: _method, ...given } = merged as Properties;
  assert.deepEqual(given, expected);
  await daemon.setProperty(String(path), "Service", "StaticIPConfig", "a{sv}", {});
  await untilAddress(`${String(dhcp?.Address)}/24`);
});

test("the default Profile is made anew where it is missing, with the Manager's settings in it (T1)", async (t) => {
  const daemon = await startDaemon(t);
  await daemon.stop();
  const file = join(daemon.stateDir, "profiles/default.db");
  for (const suffix of ["", "-wal", "-shm"]) rmSync(`${file}${suffix}`, { force: true });
  await daemon.launch();
  await until("the file is there", () => existsSync(file), 5_000);
  assert.deepEqual((await daemon.manager()).Profiles, ["/profile/default"]);
  assert.equal((await daemon.properties("/profile/default", "Profile")).CheckPortalList, "ethernet,wifi,cellular");
  const [text] = await daemon.call("/profile/default", "org.fairlead.Profile1", "Export");
  assert.match(String(text), /^CheckPortalList = "ethernet,wifi,cellular"$/m);
});

test("a user's configuration is there after a restart, with the session (T5, on a cable)", async (t) => {
  const daemon = await startDaemon(t);
  mkdirSync(join(daemon.runDir, "user_profiles/alice"), { recursive: true, mode: 0o700 });
  await manager(daemon, "CreateProfile", "s", ["~alice/shill"]);
  await manager(daemon, "InsertUserProfile", "ss", ["~alice/shill", "cafe"]);
  const profiles = ["/profile/default", "/profile/alice/shill"];
  assert.deepEqual((await daemon.manager()).Profiles, profiles);
  const wanted = { Type: variant("s", "etherneteap"), "EAP.Identity": variant("s", "alice") };
  const [made] = await manager(daemon, "ConfigureServiceForProfile", "oa{sv}", [
    profiles[1],
    { ...wanted, "EAP.Password": variant("s", "secret") },
  ]);
  assert.deepEqual(await manager(daemon, "FindMatchingService", "a{sv}", [wanted]), [made]);
  await daemon.kill();
  await daemon.launch();
  assert.deepEqual((await daemon.manager()).Profiles, profiles);
  const [again] = await manager(daemon, "FindMatchingService", "a{sv}", [wanted]);
  const properties = await daemon.properties(String(again), "Service");
  assert.equal(properties.Profile, profiles[1]);
  assert.deepEqual(await daemon.call(String(again), "org.chromium.flimflam.Service", "GetEapPassphrase"), ["secret"]);
});

test("entries of networks without a Service are looked at and deleted (A9)", async (t) => {
  const daemon = await startDaemon(t);
  const text = ["home", "work"]
    .map((name) => `[wifi_any_${name}_managed_psk]\nType = "wifi"\nUIData = "${name}"\n`)
    .join("\n");
  await daemon.call("/profile/default", "org.fairlead.Profile1", "Import", "s", [text]);
  const profile = (member: string, ...words: string[]) =>
    daemon.call("/profile/default", "org.chromium.flimflam.Profile", member, "s".repeat(words.length), words);
  const entries = async () => (await daemon.properties("/profile/default", "Profile")).Entries as string[];
  const removed: string[] = [];
  for (const entry of await entries()) {
    const [found] = await profile("GetEntry", entry);
    if ((found as Properties).Type !== "wifi") continue;
    await profile("DeleteEntry", entry);
    removed.push(entry);
  }
  assert.deepEqual(removed, ["wifi_any_home_managed_psk", "wifi_any_work_managed_psk"]);
  assert.deepEqual(
    (await entries()).filter((entry) => entry.startsWith("wifi_")),
    [],
  );
});
