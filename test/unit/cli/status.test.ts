import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { displayWidth } from "../../../src/cli/text/printable.ts";
import { entry, FakeDaemon, orderEntry } from "./fake-daemon.ts";

const in80 = { env: { COLUMNS: "80" } };

test("status shows on one screen what is connected and by which addresses", async (t) => {
  const daemon = await FakeDaemon.start(t);
  const { code, out, err } = await daemon.runWith(in80, "status");
  assert.equal(err, "");
  assert.equal(code, 0);
  assert.equal(
    out,
    `Online through Ethernet on eth0                                   Fairlead 1.2.3

DEVICE  LINK        ADDRESS       GATEWAY    DNS
eth0    carrier     192.0.2.5/24  192.0.2.1  192.0.2.53 192.0.2.54
eth1    no carrier

NO  SERVICE   TYPE      LINK  STATE   REASON
 0  Ethernet  ethernet  eth0  online  validation is disabled
 1  Ethernet  ethernet  eth1  idle    new
`,
  );
});

test("status shows every address of both families, a row each, and JSON has them in a list", async (t) => {
  const daemon = await FakeDaemon.start(t);
  const addresses = ["192.0.2.5/24", "198.51.100.1/24", "2001:db8::5/64", "2001:db8::a:1/64"];
  daemon.at("/device/eth0").setOwn("Addresses", addresses);
  const { out } = await daemon.runWith(in80, "status");
  const rows = out.split("\n").slice(2, 8);
  assert.deepEqual(
    rows.map((row) => row.trimEnd().split(/ {2,}/)),
    [
      ["DEVICE", "LINK", "ADDRESS", "GATEWAY", "DNS"],
      ["eth0", "carrier", "192.0.2.5/24", "192.0.2.1", "192.0.2.53 192.0.2.54"],
      ...addresses.slice(1).map((address) => ["", address]),
      ["eth1", "no carrier"],
    ],
  );
  const [device] = (await daemon.json("status")).devices as { addresses: string[]; ipConfigs: unknown[] }[];
  assert.deepEqual([device?.addresses, device?.ipConfigs.length], [addresses, 1]);
});

test("status tells what a person can do: a failure, a portal, a Service that was disconnected", async (t) => {
  const daemon = await FakeDaemon.start(t);
  const [first, second] = [daemon.at("/service/0"), daemon.at("/service/1")];
  second.set("State", "failure");
  second.set("Error", "dhcp-failed");
  second.set("ErrorDetails", "nobody answered");
  const hints = async () => (await daemon.json("status")).hints;
  assert.deepEqual(await hints(), ["eth1 failed: dhcp-failed (nobody answered). Try again: fairlead connect eth1"]);
  second.set("State", "idle");
  first.set("State", "redirect-found");
  first.set("ProbeUrl", "http://portal.example/login");
  assert.deepEqual(await hints(), ["eth0 is behind a portal; log in with a browser at http://portal.example/login."]);
  first.set("State", "idle");
  daemon.order = [orderEntry("/service/0", "D-Bus RPC", "explicitly disconnected", "Priority", -1)];
  assert.deepEqual(await hints(), ["eth0 was disconnected and waits for you: fairlead connect eth0"]);
});

test("status names a tunnel in the command that connects it again, and by its number where another has that name", async (t) => {
  const daemon = await FakeDaemon.start(t);
  const [cable, tunnel] = [daemon.at("/service/0"), daemon.at("/service/1")];
  const facts = { Type: "vpn", Device: undefined, Name: "my work", State: "failure", Error: "connect-failed" };
  for (const [name, value] of Object.entries(facts)) tunnel.set(name, value);
  const hints = async () => (await daemon.json("status")).hints;
  assert.deepEqual(await hints(), ["my work failed: connect-failed. Try again: fairlead connect 'my work'"]);
  cable.set("Name", "my work");
  assert.deepEqual(await hints(), ["my work failed: connect-failed. Try again: fairlead connect 1"]);
});

test("status and why tell what the last probe for the internet found, and when", async (t) => {
  const daemon = await FakeDaemon.start(t);
  const first = new Map(orderEntry("/service/0", "probe.test is silent", "connected", "", 0));
  first.set("Validation", { signature: "s", value: "probe.test (http) does not answer: no name" });
  first.set("ValidationTime", { signature: "t", value: BigInt(Date.UTC(2026, 0, 1, 12)) });
  daemon.order = [first];
  daemon.at("/service/0").set("State", "no-connectivity");
  const { hints, services } = await daemon.json("status");
  const found = /The last probe for the internet was at .*: probe\.test \(http\) does not answer: no name\./;
  assert.match((hints as string[])[0] ?? "", new RegExp(`^eth0 has no internet behind it\\. ${found.source}$`));
  const [service] = services as { validation: string; validationTime: string }[];
  assert.deepEqual(
    [service?.validation, service?.validationTime],
    ["probe.test (http) does not answer: no name", "2026-01-01T12:00:00.000Z"],
  );
  assert.match((await daemon.run("why", "eth0")).out.replace(/\s+/g, " "), found);
});

test("another host with the same address is a hint, and its MAC address stands in every place that tells reasons", async (t) => {
  const daemon = await FakeDaemon.start(t);
  const conflict = "192.0.2.5 is also used by 02:00:00:00:00:bb; it stays, as it is fixed";
  const first = new Map(orderEntry("/service/0", "addressing is in place", "connected", "", 0));
  daemon.order = [first.set("AddressConflict", { signature: "s", value: conflict })];
  const { hints, services } = await daemon.json("status");
  assert.deepEqual(hints, [`eth0: ${conflict}. More: fairlead why eth0`]);
  assert.equal((services as { addressConflict: string }[])[0]?.addressConflict, conflict);
  assert.ok((await daemon.run("why", "eth0")).out.includes("02:00:00:00:00:bb"));
  assert.ok((await daemon.run("why")).out.includes("02:00:00:00:00:bb"));
});

test("a link that is left alone is a hint only as long as nothing is connected", async (t) => {
  const daemon = await FakeDaemon.start(t);
  daemon.at("/device/eth1").why = entry({ LeftAlone: ["s", "systemd-networkd manages it"] });
  daemon.at("/device/eth1").set("Ethernet.LinkUp", true);
  assert.match((await daemon.run("status")).out, /^eth1 +left alone$/m);
  assert.deepEqual((await daemon.json("status")).hints, []);
  daemon.at("/").set("DefaultService", "/");
  daemon.at("/service/0").set("State", "idle");
  daemon.at("/device/eth0").set("Ethernet.LinkUp", false);
  assert.deepEqual((await daemon.json("status")).hints, [
    "eth1 is left alone: systemd-networkd manages it. Use it: fairlead connect eth1",
  ]);
});

test("status says that nothing is connected, and what is on its way", async (t) => {
  const daemon = await FakeDaemon.start(t);
  daemon.at("/").set("DefaultService", "/");
  daemon.at("/").set("ConnectionState", "idle");
  daemon.at("/service/0").set("State", "idle");
  daemon.at("/device/eth0").set("Ethernet.LinkUp", false);
  const { out } = await daemon.run("status");
  assert.match(out, /^Not connected +Fairlead/);
  assert.match(out, /^! Nothing is plugged in or in range. More: fairlead why$/m);
  daemon.at("/service/0").set("State", "configuration");
  assert.match((await daemon.run("status")).out, /^Connecting +Fairlead/);
});

test("status names every address of a Device, and the state of a disabled one", async (t) => {
  const daemon = await FakeDaemon.start(t);
  daemon.add("/ipconfig/eth0_2_ip", "IPConfig", {
    Address: ["s", "2001:db8::5"],
    Gateway: ["s", "fe80::1"],
    Method: ["s", "ipv6"],
    NameServers: ["as", []],
    Prefixlen: ["i", 64],
  });
  daemon.at("/device/eth0").set("IPConfigs", ["/ipconfig/eth0_1_dhcp", "/ipconfig/eth0_2_ip", "/ipconfig/gone"]);
  daemon.at("/device/eth1").set("Powered", false);
  const { out } = await daemon.run("status");
  assert.match(out, /^eth0 +carrier +192\.0\.2\.5\/24 .*\n +2001:db8::5\/64 +fe80::1\n/m);
  assert.match(out, /^eth1 +disabled$/m);
});

test("status in JSON has the fields that the manual page names", async (t) => {
  const daemon = await FakeDaemon.start(t);
  const status = await daemon.json("status");
  assert.deepEqual(Object.keys(status), [
    "version",
    "state",
    "connected",
    "defaultService",
    "location",
    "locationBecause",
    "devices",
    "tunnels",
    "services",
    "notStored",
    "hints",
  ]);
  const [device] = status.devices as Record<string, unknown>[];
  assert.deepEqual(device, {
    path: "/device/eth0",
    link: "eth0",
    type: "ethernet",
    mac: "02:00:00:00:00:01",
    enabled: true,
    carrier: true,
    leftAlone: "",
    service: "/service/0",
    addresses: ["192.0.2.5/24"],
    ipConfigs: [
      {
        path: "/ipconfig/eth0_1_dhcp",
        method: "dhcp",
        address: "192.0.2.5",
        prefixLength: 24,
        gateway: "192.0.2.1",
        nameServers: ["192.0.2.53", "192.0.2.54"],
        searchDomains: ["example.org"],
        mtu: 1500,
      },
    ],
  });
  const [service] = status.services as Record<string, unknown>[];
  assert.deepEqual(service, {
    path: "/service/0",
    number: 0,
    name: "Ethernet",
    type: "ethernet",
    link: "eth0",
    state: "online",
    reason: "validation is disabled",
    error: "no-failure",
    visible: true,
    autoConnect: true,
    autoConnectRefusal: "connected",
    lacking: "",
    addressConflict: "",
    lastFailure: "",
    lastFailureTime: null,
    progress: "",
    validation: "",
    validationTime: null,
    profile: "/profile/default",
    beforeNextBecause: "IsOnline",
    rank: 0,
  });
});

test("every table keeps to the terminal's width, also with long and hostile names", async (t) => {
  const daemon = await FakeDaemon.start(t);
  const evil = "\x1b]0;owned\x07\x1b[31mWiFi \u202e無料 ".repeat(40);
  daemon.at("/service/0").set("Name", evil);
  daemon.at("/device/eth0").set("Interface", "enp0s31f6u1u2");
  for (const verb of ["status", "services", "devices", "profiles", "why"]) {
    for (const columns of [40, 60, 80, 132]) {
      const { code, out } = await daemon.runWith({ columns, env: { NO_COLOR: "1" } }, verb);
      assert.equal(code, 0);
      assert.equal(out.includes("\x1b") || out.includes("\x07") || out.includes("\u202e"), false, verb);
      for (const line of out.split("\n")) assert.ok(displayWidth(line) <= columns, `${verb} at ${columns}: ${line}`);
    }
  }
});

test("a thousand cables do not fill more than a screen", async (t) => {
  const daemon = await FakeDaemon.start(t);
  const devices = Array.from({ length: 1000 }, (_, at) => `/device/x${at}`);
  for (const path of devices) {
    daemon.add(path, "Device", {
      Interface: ["s", path.slice(8)],
      Type: ["s", "ethernet"],
      SelectedService: ["o", "/"],
    });
  }
  daemon.at("/").set("Devices", devices);
  const { out } = await daemon.run("status");
  assert.ok(out.split("\n").length < 40);
  assert.match(out, /^and 980 more: fairlead devices$/m);
});

/** Nothing is connected; a cable is in eth0. */
async function unconnected(t: TestContext): Promise<FakeDaemon> {
  const daemon = await FakeDaemon.start(t);
  daemon.at("/").set("DefaultService", "/");
  daemon.at("/service/0").set("State", "idle");
  return daemon;
}
const order = (...parts: Parameters<typeof orderEntry>) => orderEntry(...parts);
const attempt = (facts: { progress?: string; failure?: string; at?: number }) => (entryOf: ReturnType<typeof order>) =>
  new Map([
    ...entryOf,
    ...entry({
      Progress: ["s", facts.progress ?? ""],
      LastFailure: ["s", facts.failure ?? ""],
      LastFailureTime: ["t", BigInt(facts.at ?? 0)],
    }),
  ]);
const failedAt = new Date(2026, 0, 2, 3, 4, 5).getTime();

const trueHints: readonly (readonly [what: string, prepare: (daemon: FakeDaemon) => void, hints: readonly string[]])[] =
  [
    [
      "a server is asked",
      (daemon) => {
        daemon.at("/service/0").set("State", "configuration");
        const asked = order("/service/0", "carrier on eth0", "connecting", "", -1);
        daemon.order = [attempt({ progress: "DHCP asks for an address" })(asked)];
      },
      ["eth0 is being connected: DHCP asks for an address."],
    ],
    [
      "it is asked again after a failure",
      (daemon) => {
        daemon.at("/service/0").set("State", "configuration");
        const asked = order("/service/0", "carrier on eth0", "connecting", "", -1);
        daemon.order = [attempt({ failure: "dhcp-failed: no server answered", at: failedAt })(asked)];
      },
      ["eth0 is being connected. The last attempt failed at 2026-01-02 03:04:05: dhcp-failed: no server answered."],
    ],
    [
      "the daemon waits before the next attempt",
      (daemon) => {
        daemon.order = [order("/service/0", "a new attempt leaves the failure", "throttled", "", -1)];
      },
      [
        "eth0 is not connected: it failed just now and waits before the next attempt. Connect it: fairlead connect eth0",
      ],
    ],
    [
      "it is being disconnected",
      (daemon) => daemon.at("/service/0").set("State", "disconnecting"),
      ["eth0 is being disconnected."],
    ],
    [
      "a cable was put in just now",
      (daemon) => {
        daemon.order = [order("/service/0", "new", "", "", -1)];
      },
      ["eth0 is about to be connected."],
    ],
    [
      "one is disabled and there is no cable in the other",
      (daemon) => {
        daemon.at("/device/eth0").set("Powered", false);
        daemon.at("/device/eth0").set("Ethernet.LinkUp", false);
      },
      [
        "Nothing is plugged in or in range. More: fairlead why",
        "eth0 is disabled. Enable it: fairlead enable ethernet",
      ],
    ],
    [
      "all are disabled",
      (daemon) => {
        for (const link of ["eth0", "eth1"]) {
          daemon.at(`/device/${link}`).set("Powered", false);
          daemon.at(`/device/${link}`).set("Ethernet.LinkUp", false);
        }
      },
      [
        "eth0 is disabled. Enable it: fairlead enable ethernet",
        "eth1 is disabled. Enable it: fairlead enable ethernet",
      ],
    ],
  ];
for (const [what, prepare, hints] of trueHints) {
  test(`status says what is true when ${what}`, async (t) => {
    const daemon = await unconnected(t);
    prepare(daemon);
    assert.deepEqual((await daemon.json("status")).hints, hints);
  });
}
