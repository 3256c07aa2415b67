import assert from "node:assert/strict";
import { copyFileSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import { variant } from "../../harness/bus-client.ts";
import type { TestDaemon } from "../../harness/daemon.ts";
import { type RunResult, tryRun } from "../../harness/processes.ts";
import { startSystemBus } from "../../harness/system-bus.ts";
import { until } from "../../harness/until.ts";
import { addressesOf, ip } from "./kernel-view.ts";
import { addLan, serviceOn, startDaemon, untilState } from "./support.ts";
import { addNetdev, netdevGid } from "./users.ts";

const flimflam = (kind: string) => `org.chromium.flimflam.${kind}`;
const [manager, exchange] = [flimflam("Manager"), "org.fairlead.Profile1"];
const fairlead = fileURLToPath(new URL("../../../bin/fairlead", import.meta.url));
const secret = "a-word-that-nobody-else-says";

/** Real accounts of every Debian; their calls are a user's, and each has a Profile. */
interface Person {
  readonly name: string;
  readonly uid: number;
  readonly groups: string;
}
const stranger: Person = { name: "nobody", uid: 65_534, groups: "--clear-groups" };
const member: Person = { name: "bin", uid: 2, groups: `--groups=${netdevGid}` };
const profileOf = ({ name }: Person) => `/profile/${name}/default`;

/** Two cables with networks behind them, the daemon on a bus with the policy that we ship, and a group netdev. */
class Scene {
  private constructor(
    readonly daemon: TestDaemon,
    readonly busAddress: string,
  ) {}
  static async start(t: TestContext): Promise<Scene> {
    addNetdev(t);
    await addLan(t, "first");
    await addLan(t, "second", { link: "eth1", net: "10.2.0" });
    const bus = await startSystemBus();
    t.after(() => bus.remove());
    const daemon = await startDaemon(t, { busAddress: bus.address });
    const scene = new Scene(daemon, bus.address);
    await scene.ready();
    return scene;
  }
  async ready(): Promise<void> {
    for (const link of ["eth0", "eth1"]) await untilState(this.daemon, link, "ready");
    await until("the resolver file is there", () => this.resolver().includes("10.1.0.53"));
  }
  resolver(): string {
    return readFileSync(join(this.daemon.runDir, "resolv.conf"), "utf8");
  }
  as({ uid, groups }: Person, path: string, on: string, method: string, ...args: readonly string[]): RunResult {
    const call = [`--address=${this.busAddress}`, "--timeout=20", "call", "org.chromium.flimflam", path, on, method];
    return tryRun("setpriv", [`--reuid=${uid}`, `--regid=${uid}`, groups, "busctl", ...call, ...args]);
  }
  /** As the login hook does it; resolves when the daemon knows the Profile's owner. */
  async login(person: Person): Promise<void> {
    mkdirSync(join(this.daemon.runDir, "user_profiles", person.name), { recursive: true, mode: 0o700 });
    const name = `~${person.name}/default`;
    await this.daemon.call("/", manager, "CreateProfile", "s", [name]).catch(() => {});
    await this.daemon.call("/", manager, "InsertUserProfile", "ss", [name, ""]);
    const knows = () => /NotFound|no such entry/.test(this.deletesNothing(person).stderr);
    await until(`the daemon knows who ${person.name} is`, knows, 10_000);
  }
  deletesNothing(person: Person): RunResult {
    return this.as(person, profileOf(person), flimflam("Profile"), "DeleteEntry", "s", "wifi_none");
  }
  async logout(): Promise<void> {
    await this.daemon.call("/", manager, "PopAllUserProfiles");
  }
  importsOwn(person: Person, text: string): RunResult {
    return this.as(person, profileOf(person), exchange, "Import", "s", text);
  }
  /**
   * All that a person could want to bend: addresses, routes, order, name servers, credentials, and the Profile of the
   * cables.
   */
  async state(): Promise<unknown> {
    const services = await this.daemon.services();
    const eap = await this.daemon.properties(await this.eap(), "Service");
    const names = ["Profile", "Priority", "StaticIPConfig", "ProxyConfig", "CheckPortal", "Device", "Metered"];
    return {
      services: services.map((service) => names.map((name) => service[name])),
      eap: [eap.Profile, eap["EAP.Identity"]],
      addresses: ["eth0", "eth1"].map(addressesOf),
      routes: ip("-4", "route", "show", "table", "all").split("\n").sort(),
      resolver: this.resolver(),
    };
  }
  async eap(): Promise<string> {
    const [path] = await this.daemon.call("/", manager, "FindMatchingService", "a{sv}", [
      { Type: variant("s", "etherneteap") },
    ]);
    return String(path);
  }
  cli(...words: string[]): string {
    return tryRun(process.execPath, [fairlead, ...words, "--bus-address", this.busAddress]).stdout.replace(/\s+/g, " ");
  }
}

function refused({ code, stderr }: RunResult, why: RegExp): void {
  assert.notEqual(code, 0);
  assert.match(stderr, why);
}
const macOf = (link: string) => readFileSync(`/sys/class/net/${link}/address`, "utf8").trim().replaceAll(":", "");

test("a user without rights stores what he likes about the machine's cables, and none of it is in force, ever", async (t) => {
  const scene = await Scene.start(t);
  const { daemon } = scene;
  await daemon.call("/profile/default", exchange, "Import", "s", ['[etherneteap_all]\nEAP.Identity = "host"\n']);
  const before = await scene.state();
  await scene.login(stranger);
  const text = [
    '[ethernet_any]\nStaticIPConfig = {"Address": "10.1.0.66", "Prefixlen": 24, "NameServers": ["203.0.113.66"]}',
    'ProxyConfig = "{\\"mode\\":\\"fixed_servers\\"}"\nCheckPortal = "false"\nMetered = true',
    `[ethernet_${macOf("eth0")}]\nPriority = 1`,
    `[ethernet_${macOf("eth1")}]\nPriority = 99\nStaticIPConfig = {"Gateway": "10.2.0.66"}`,
    '[etherneteap_all]\nEAP.Identity = "mallory"\n',
  ].join("\n");
  assert.equal(scene.importsOwn(stranger, text).code, 0, "it is stored");
  assert.deepEqual(await scene.state(), before, "after the import");
  const reason =
    /~nobody\/default \[ethernet_any\] is stored and not in force: the machine keeps it, and no administrator/;
  assert.match(scene.cli("profiles"), reason);
  assert.match(scene.cli("why", "eth0"), /What the Profile ~nobody\/default has stored for it is not in force/);
  const eth0 = String((await serviceOn(daemon, "eth0"))?.path);
  for (const name of ["Priority", "EphemeralPriority"]) {
    const set = scene.as(stranger, eth0, flimflam("Service"), "SetProperty", "sv", name, "i", "5");
    refused(set, /only an administrator/);
  }

  await scene.logout();
  assert.deepEqual(await scene.state(), before, "after the logout");
  await scene.login(stranger);
  assert.deepEqual(await scene.state(), before, "after the next login");
  await daemon.kill();
  await daemon.launch();
  await scene.ready();
  assert.deepEqual((await daemon.manager()).Profiles, ["/profile/default", profileOf(stranger)]);
  assert.deepEqual(await scene.state(), before, "after a restart with the session");
  assert.match(scene.cli("profiles"), reason);
});

test("with an administrator's mark it is in force from the login to the logout, and nothing stays", async (t) => {
  const scene = await Scene.start(t);
  const { daemon } = scene;
  const before = await scene.state();
  await scene.login(stranger);
  const text =
    '[ethernet_any]\nStaticIPConfig = {"Address": "10.1.0.66", "Prefixlen": 24, "NameServers": ["203.0.113.66"], ' +
    '"Gateway": "10.1.0.2"}\n';
  assert.equal(scene.importsOwn(stranger, text).code, 0);
  const mark = '[consents]\nethernet_any = ["nobody"]\n';
  refused(scene.as(stranger, "/profile/default", exchange, "Import", "s", mark), /only an administrator/);
  refused(scene.importsOwn(stranger, mark), /\[consents\] has no place in ~nobody\/default/);
  await daemon.call("/profile/default", exchange, "Import", "s", [mark]);
  const isHis = async () =>
    scene.resolver().includes("203.0.113.66") &&
    addressesOf("eth0").includes("10.1.0.66/24") &&
    ip("route").includes("default via 10.1.0.2 ") &&
    (await serviceOn(daemon, "eth0"))?.Profile === profileOf(stranger);
  await until("his settings are in force", isHis);
  const eth0 = String((await serviceOn(daemon, "eth0"))?.path);
  const passing = scene.as(stranger, eth0, flimflam("Service"), "SetProperty", "sv", "EphemeralPriority", "i", "5");
  assert.equal(passing.code, 0, passing.stderr);
  await scene.logout();
  const isBack = async () => JSON.stringify(await scene.state()) === JSON.stringify(before);
  await until("all is as it was", isBack).catch(async () => assert.deepEqual(await scene.state(), before));
  assert.equal((await serviceOn(daemon, "eth0"))?.EphemeralPriority, 0);
  await scene.login(stranger);
  await until("his settings are in force again", isHis);
});

test("a setting that concerns its user alone needs no consent, and gives no say about the rest", async (t) => {
  const scene = await Scene.start(t);
  await scene.login(stranger);
  const before = await scene.state();
  assert.equal(scene.importsOwn(stranger, `[ethernet_${macOf("eth1")}]\nUIData = "his"\n`).code, 0);
  const eth1 = await serviceOn(scene.daemon, "eth1");
  assert.deepEqual([eth1?.UIData, eth1?.Profile], ["his", profileOf(stranger)]);
  const service = (name: string, signature: string, value: string) =>
    scene.as(stranger, String(eth1?.path), flimflam("Service"), "SetProperty", "sv", name, signature, value);
  assert.equal(service("UIData", "s", "his own").code, 0);
  refused(service("CheckPortal", "s", "false"), /only an administrator/);
  const clear = (...args: string[]) =>
    scene.as(stranger, String(eth1?.path), flimflam("Service"), ...(args as [string]));
  refused(clear("ClearProperty", "s", "StaticIPConfig"), /only an administrator/);
  refused(clear("ClearProperties", "as", "2", "UIData", "StaticIPConfig"), /only an administrator/);
  refused(clear("SetProperties", "a{sv}", "1", "Priority", "i", "9"), /only an administrator/);
  const standard = ["Set", "ssv", flimflam("Service"), "Priority", "i", "9"] as const;
  refused(scene.as(stranger, String(eth1?.path), "org.freedesktop.DBus.Properties", ...standard), /administrator/);
  const configure = ["ConfigureService", "a{sv}", "2", "Type", "s", "ethernet", "Priority", "i", "9"] as const;
  refused(scene.as(stranger, "/", manager, ...configure), /only an administrator/);
  refused(scene.as(stranger, "/", manager, "GetService", ...configure.slice(1)), /only an administrator/);
  assert.equal(scene.as(member, String(eth1?.path), flimflam("Service"), "GetProperties").code, 0);
  await scene.logout();
  const after = (await scene.state()) as { readonly services: unknown };
  assert.deepEqual(after.services, (before as { readonly services: unknown }).services);
});

test("a member of netdev gets the machine's password by no move, copy, export, or logout", async (t) => {
  const scene = await Scene.start(t);
  const { daemon } = scene;
  const own = profileOf(member);
  const machines = { Type: variant("s", "etherneteap"), Profile: variant("s", "/profile/default") };
  await daemon.call("/", manager, "ConfigureService", "a{sv}", [{ ...machines, "EAP.Password": variant("s", secret) }]);
  await scene.login(stranger);
  await scene.login(member);
  const eap = await scene.eap();
  const set = (name: string, value: string) =>
    scene.as(member, eap, flimflam("Service"), "SetProperty", "sv", name, "s", value);
  assert.equal(set("EAP.Identity", "host").code, 0, "he may change the machine's settings");
  const dictionary = ["2", "Type", "s", "etherneteap", "EAP.Identity", "s", "x"];
  const intoOwn = ["3", ...dictionary.slice(1), "Profile", "s", own];
  const standard = ["Set", "ssv", flimflam("Service"), "Profile", "s", own];
  const ways: Readonly<Record<string, () => RunResult>> = {
    "SetProperty Profile": () => set("Profile", own),
    "Properties.Set Profile": () => scene.as(member, eap, "org.freedesktop.DBus.Properties", ...(standard as [string])),
    ConfigureService: () => scene.as(member, "/", manager, "ConfigureService", "a{sv}", ...intoOwn),
    "ConfigureService, the active Profile": () =>
      scene.as(member, "/", manager, "ConfigureService", "a{sv}", ...dictionary),
    ConfigureServiceForProfile: () =>
      scene.as(member, "/", manager, "ConfigureServiceForProfile", "oa{sv}", own, ...dictionary),
    "another user's Profile": () =>
      scene.as(member, "/", manager, "ConfigureServiceForProfile", "oa{sv}", profileOf(stranger), ...dictionary),
    GetEapPassphrase: () => scene.as(member, eap, flimflam("Service"), "GetEapPassphrase"),
    "ExportWithSecrets of the machine's": () => scene.as(member, "/profile/default", exchange, "ExportWithSecrets"),
  };
  const look = () =>
    [
      scene.as(member, eap, flimflam("Service"), "GetEapPassphrase"),
      scene.as(member, own, exchange, "ExportWithSecrets"),
      scene.as(member, own, exchange, "Export"),
      scene.as(member, eap, flimflam("Service"), "GetProperties"),
      scene.as(member, "/profile/default", flimflam("Profile"), "GetEntry", "s", "etherneteap_all"),
      scene.as(member, "/", "org.freedesktop.DBus.ObjectManager", "GetManagedObjects"),
    ].map(({ stdout, stderr }) => stdout + stderr);
  for (const [way, go] of Object.entries(ways)) {
    refused(go(), /PermissionDenied|secrets are only|Permission|belongs to another user/i);
    for (const told of look()) assert.ok(!told.includes(secret), way);
  }
  // An own entry with settings that concern the user alone puts the Service into the user's Profile, and not the
  // password.
  assert.equal(scene.importsOwn(member, '[etherneteap_all]\nUIData = "his"\n').code, 0);
  assert.equal((await daemon.properties(eap, "Service")).Profile, own);
  for (const told of look()) assert.ok(!told.includes(secret), "on the machine's terms");
  for (const way of ["SetProperty Profile", "ConfigureServiceForProfile"]) {
    ways[way]?.();
    for (const told of look()) assert.ok(!told.includes(secret), `on the machine's terms, ${way}`);
  }
  await scene.logout();
  assert.equal((await daemon.properties(eap, "Service")).Profile, "/profile/default");
  assert.deepEqual(
    await daemon.call(eap, flimflam("Service"), "GetEapPassphrase"),
    [secret],
    "root may, and it is there",
  );
  // Root may hand it over: then the user may read it.
  await scene.login(member);
  const theirs = { Type: variant("s", "etherneteap"), "EAP.Identity": variant("s", "bin") };
  await daemon.call("/", manager, "ConfigureServiceForProfile", "oa{sv}", [own, theirs]);
  assert.match(scene.as(member, eap, flimflam("Service"), "GetEapPassphrase").stdout, new RegExp(secret));
});

test("a user's file switches off no card of the machine's, whether it was brought as text or edited by hand", async (t) => {
  const scene = await Scene.start(t);
  const { daemon } = scene;
  const device = `device_${macOf("eth1")}`;
  const off = `[${device}]\nEnabledPersistently = false\n[global]\nProhibitedTechnologies = "ethernet"\n`;
  // A file as a user could have edited it: of a Profile of the machine, laid into the user's folder.
  await daemon.call("/", manager, "CreateProfile", "s", ["made"]);
  await daemon.call("/", manager, "PushProfile", "s", ["made"]);
  await daemon.call("/profile/made", exchange, "Import", "s", [`[${device}]\nEnabledPersistently = false\n`]);
  await daemon.call("/", manager, "PopProfile", "s", ["made"]);
  await daemon.setProperty("/device/eth1", "Device", "EnabledPersistently", "b", true).catch(() => {});
  const folder = join(daemon.runDir, "user_profiles", stranger.name);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  copyFileSync(join(daemon.stateDir, "profiles/made.db"), join(folder, "default.db"));
  await daemon.kill();
  await daemon.launch();
  await scene.ready();
  await scene.login(stranger);
  assert.match(
    scene.as(stranger, profileOf(stranger), exchange, "Export").stdout,
    new RegExp(device),
    "the rows are there",
  );
  refused(scene.importsOwn(stranger, off), new RegExp(`\\[${device}\\] has no place in ~nobody/default`));
  refused(scene.importsOwn(stranger, off.slice(off.indexOf("[global"))), /\[global\] has no place in ~nobody/);
  const powered = async () =>
    (await daemon.devices()).map(({ Interface, Powered }) => `${Interface} ${Powered}`).sort();
  assert.deepEqual(await powered(), ["eth0 true", "eth1 true"]);
  await daemon.kill();
  await daemon.launch();
  await scene.ready();
  assert.deepEqual(await powered(), ["eth0 true", "eth1 true"], "the session is back, and so is the file");
});

test("a member of netdev gets, takes and deletes nothing of another user's", async (t) => {
  const scene = await Scene.start(t);
  await scene.login(stranger);
  await scene.login(member);
  const credentials = `[etherneteap_all]\nEAP.Identity = "his"\nEAP.Password = "${secret}"\n`;
  assert.equal(scene.importsOwn(stranger, credentials).code, 0);
  const eap = await scene.eap();
  assert.equal((await scene.daemon.properties(eap, "Service")).Profile, profileOf(stranger), "the machine has none");
  const own = profileOf(member);
  const dictionary = ["Type", "s", "etherneteap", "EAP.Identity", "s", "x"];
  const as = (path: string, on: string, method: string, ...args: string[]) =>
    scene.as(member, path, on, method, ...args);
  const configure = (profile: string) =>
    as("/", manager, "ConfigureService", "a{sv}", "3", ...dictionary, "Profile", "s", profile);
  const setting = (name: string, value: string) => as(eap, flimflam("Service"), "SetProperty", "sv", name, "s", value);
  const tries = {
    "move into his own": () => setting("Profile", own),
    "move into the machine's": () => setting("Profile", "/profile/default"),
    "configure into his own": () => configure(own),
    "configure into the machine's": () => configure("/profile/default"),
    "configure where it is": () => configure(profileOf(stranger)),
    "configure for his own": () => as("/", manager, "ConfigureServiceForProfile", "oa{sv}", own, "2", ...dictionary),
    GetService: () => as("/", manager, "GetService", "a{sv}", "2", ...dictionary),
    Import: () => as(profileOf(stranger), exchange, "Import", "s", "[etherneteap_all]\n"),
    DeleteEntry: () => as(profileOf(stranger), flimflam("Profile"), "DeleteEntry", "s", "etherneteap_all"),
    PopAllUserProfiles: () => as("/", manager, "PopAllUserProfiles"),
  };
  for (const [what, go] of Object.entries(tries)) {
    const { code, stderr } = go();
    // The last one takes both users' Profiles off: as those of several, only administrators may, and he is one.
    if (what === "PopAllUserProfiles") continue;
    assert.notEqual(code, 0, what);
    assert.match(stderr, /secrets are only|belongs to another user/, what);
  }
  refused(as("/", manager, "RemoveProfile", "s", `~${stranger.name}/default`), /RemoveProfile: secrets are only/);
  await scene.login(stranger);
  assert.match(
    scene.as(stranger, eap, flimflam("Service"), "GetEapPassphrase").stdout,
    new RegExp(secret),
    "it is there",
  );
});
