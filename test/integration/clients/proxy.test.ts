/** The requests of the libraries of autotest (client/cros/networking/shill_proxy.py) and Tast, on two cables. */
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import type { TestDaemon } from "../../harness/daemon.ts";
import { type ManagedProcess, startProcess } from "../../harness/processes.ts";
import { until } from "../../harness/until.ts";
import { addLan, serviceOn, startDaemon, untilState } from "../daemon/support.ts";

const program = fileURLToPath(new URL("shill_proxy.py", import.meta.url));

/** One client with one connection, as a test of autotest is. */
class ShillProxy {
  private constructor(private readonly client: ManagedProcess) {}

  static async start(t: TestContext, daemon: TestDaemon): Promise<ShillProxy> {
    const env = { ...process.env, DBUS_SYSTEM_BUS_ADDRESS: daemon.bus.address };
    const client = startProcess("/usr/bin/python3", ["-u", program], { env, name: "proxy" });
    t.after(() => client.end());
    await client.untilOutput(/^"ready"$/m);
    return new ShillProxy(client);
  }
  /** `meanwhile` runs when the proxy has said `when`. */
  async say(words: readonly unknown[], when?: string, meanwhile: () => void = () => {}): Promise<unknown> {
    const from = this.client.output().length;
    this.client.write(`${JSON.stringify(words)}\n`);
    if (when !== undefined) {
      await this.client.untilOutput(new RegExp(`^"${when}"$`, "m"), undefined, from);
      meanwhile();
    }
    const [line] = await this.client.untilOutput(/^\{"answer": .*\}$/m, 30_000, from);
    return (JSON.parse(line) as { answer: unknown }).answer;
  }
  next(): void {
    this.client.write("\n");
  }
}

async function world(t: TestContext) {
  const home = await addLan(t, "home", { link: "eth0", net: "10.1.0" });
  const office = await addLan(t, "office", { link: "eth1", net: "10.2.0" });
  const daemon = await startDaemon(t);
  const [path] = await Promise.all(
    ["eth0", "eth1"].map(async (link) => (await untilState(daemon, link, "ready")).path),
  );
  return { daemon, home, office, path: String(path), proxy: await ShillProxy.start(t, daemon) };
}
const refused = (error: string, text: string) => ({ error: `org.chromium.flimflam.Error.${error}`, text });

test("a client that asks before the daemon is there hears so, and then gets answers: the name comes last (A1)", async (t) => {
  const { daemon, proxy } = await world(t);
  await daemon.stop();
  let launched: Promise<unknown> | undefined;
  const errors = await proxy.say(["wait_for_service", 20], "asking", () => {
    launched = daemon.launch();
  });
  assert.deepEqual(errors, ["org.freedesktop.DBus.Error.ServiceUnknown"]);
  await launched;
});

test("properties are read, absent ones too, and set by the class of the value in force (A2, A3)", async (t) => {
  const { path, proxy } = await world(t);
  const get = (name: string) => proxy.say(["get_property", path, "Service", name]);
  assert.equal(await get("Type"), "ethernet");
  assert.equal(await get("WiFi.BSSID"), null);
  const values = { Priority: 5, SaveCredentials: false, UIData: "kept", AutoConnect: true };
  for (const [name, value] of Object.entries(values)) {
    assert.equal(await proxy.say(["set_property", path, "Service", name, value]), null, name);
    assert.equal(await get(name), value);
  }
  assert.deepEqual(
    await proxy.say(["set_property", path, "Service", "Priority", "7"]),
    null,
    "the proxy makes a number of it",
  );
  assert.equal(await get("Priority"), 7);
  assert.equal(await proxy.say(["set_property", "/", "Manager", "DHCPProperty.Hostname", "laptop"]), null);
  assert.equal(await proxy.say(["get_property", "/", "Manager", "DHCPProperty.Hostname"]), "laptop");
});

test("a client that listens before it reads misses no change: before, between, after (A4)", async (t) => {
  const { daemon, home, path, proxy } = await world(t);
  const wait = (...wanted: string[]) => ["wait_for_property", path, "Service", "State", wanted, 20];
  assert.deepEqual(await proxy.say(wait("ready")), ["ready"]);
  const seen = await proxy.say(wait("idle"), "listening", () => home.cable.unplug());
  assert.deepEqual(seen, ["ready", "idle"]);
  const back = await proxy.say(wait("ready"), "listening", () => home.cable.plug());
  assert.equal((back as string[])[0], "idle");
  assert.equal((back as string[]).at(-1), "ready");
  home.cable.unplug();
  await untilState(daemon, "eth0", "idle");
  assert.deepEqual(await proxy.say(wait("idle")), ["idle"]);
});

test("objects are found by their properties, and one that has vanished is passed over (A5)", async (t) => {
  const { daemon, office, path, proxy } = await world(t);
  const find = (listed: string, wanted: object, pause = false) => ["find_object", listed, wanted, pause];
  assert.deepEqual(await proxy.say(find("Devices", { Interface: "eth1" })), { path: "/device/eth1", vanished: [] });
  assert.deepEqual(await proxy.say(find("Profiles", { Name: "default" })), { path: "/profile/default", vanished: [] });
  const { path: other } = (await serviceOn(daemon, "eth1")) ?? {};
  for (const listed of ["Services", "ServiceCompleteList"]) {
    const { path: found } = (await proxy.say(find(listed, { Type: "ethernet" }))) as { path: string };
    assert.ok([path, other].includes(found), listed);
  }
  const answer = proxy.say(find("Devices", { Interface: "eth1" }, true), "listed", () => office.cable.remove());
  await until("it is gone", async () => !((await daemon.manager()).Devices as string[]).includes("/device/eth1"));
  proxy.next();
  assert.deepEqual(await answer, { path: null, vanished: ["org.freedesktop.DBus.Error.UnknownObject"] });
});

test("connected it ends online, disconnected idle, and what is so already is no failure (A6, A7)", async (t) => {
  const { path, proxy } = await world(t);
  // No probes leave then.
  assert.equal(await proxy.say(["set_property", "/", "Manager", "CheckPortalList", ""]), null);
  for (const round of ["connected before", "connected anew"]) {
    assert.equal(await proxy.say(["connect_synchronous", path]), "online", round);
    assert.equal(await proxy.say(["disconnect_synchronous", path]), "idle", round);
    assert.equal(await proxy.say(["disconnect_synchronous", path]), "idle", `${round}: again`);
  }
  assert.equal(await proxy.say(["connect_synchronous", path]), "online");
  assert.equal(await proxy.say(["connect_synchronous", path]), "online", "again");
});

test("Services are configured by GUID and for a Profile, which is no object path among the values (A8)", async (t) => {
  const { path, proxy } = await world(t);
  const values = { Type: "ethernet", UIData: "first" };
  assert.equal(await proxy.say(["configure_by_guid", "mine", values]), path);
  assert.equal(await proxy.say(["configure_by_guid", "mine", { UIData: "second" }]), path, "the GUID is known");
  assert.equal(await proxy.say(["get_property", path, "Service", "UIData"]), "second");
  const more = { Type: "ethernet", UIData: "third" };
  assert.equal(await proxy.say(["configure_for_profile", "/profile/default", more, true]), path);
  assert.deepEqual(
    [
      await proxy.say(["get_property", path, "Service", "UIData"]),
      await proxy.say(["get_property", path, "Service", "Profile"]),
    ],
    ["third", "/profile/default"],
  );
  assert.deepEqual(
    await proxy.say(["set_profile_path", path, "/profile/default"]),
    refused("InvalidArguments", "Property Profile is not an rpc_identifier."),
  );
});

test("technologies are switched, and the lists that are polled say so (T13)", async (t) => {
  const { daemon, path, proxy } = await world(t);
  const list = (name: string) => proxy.say(["get_property", "/", "Manager", name]);
  assert.deepEqual(
    [await list("AvailableTechnologies"), await list("EnabledTechnologies")],
    [["ethernet"], ["ethernet"]],
  );
  assert.equal(await proxy.say(["technology", "DisableTechnology", "ethernet"]), null);
  assert.deepEqual([await list("AvailableTechnologies"), await list("EnabledTechnologies")], [["ethernet"], []]);
  assert.equal(await proxy.say(["technology", "EnableTechnology", "ethernet"]), null);
  assert.deepEqual(await list("EnabledTechnologies"), ["ethernet"]);
  for (const link of ["eth0", "eth1"]) await untilState(daemon, link, "ready");
  assert.ok(((await list("ServiceCompleteList")) as string[]).length >= 2, path);
  assert.deepEqual(
    await proxy.say(["technology", "DisableTechnology", "teleport"]),
    refused("InvalidArguments", "Unknown technology"),
  );
});
