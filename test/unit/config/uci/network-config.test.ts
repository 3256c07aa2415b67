import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { linksInUse, type NetworkConfig, readNetworkConfig } from "../../../../src/config/uci/network-config.ts";
import { anyText } from "../../../harness/any-text.ts";
import { fuzzRuns } from "../../../harness/fuzz-runs.ts";

const read = (...lines: string[]): NetworkConfig => readNetworkConfig(lines.join("\n"));
const problems = (config: NetworkConfig): string[] =>
  config.problems.map(({ line, column, severity, message }) => `${line}:${column} ${severity}: ${message}`);

test("an interface has its protocol, its link and its values", () => {
  const config = read(
    "config interface lan",
    " option proto static",
    " option device br-lan",
    " option ipaddr '192.0.2.1 192.0.2.2'",
    " option netmask 255.255.255.0",
    " option metric 0x10",
    " list dns 192.0.2.53",
    "config interface wan",
    " option proto dhcp",
    " option device eth1",
    " option auto 0",
  );
  assert.deepEqual(problems(config), []);
  const { proto, device, isAuto, needsLink, values } = config.interfaces.get("lan") ?? assert.fail();
  assert.deepEqual([proto, device, isAuto, needsLink], ["static", "br-lan", true, false]);
  assert.deepEqual([values.ipaddr, values.metric, values.dns], [["192.0.2.1", "192.0.2.2"], 16, ["192.0.2.53"]]);
  const wan = config.interfaces.get("wan");
  assert.deepEqual([wan?.proto, wan?.isAuto, wan?.needsLink], ["dhcp", false, true]);
});

test("a value of the wrong kind is told with its place, and left out", () => {
  const config = read(
    "config interface lan",
    " option proto static",
    " option device eth0",
    " option auto yes",
    "\toption metric 12x",
    " list netmask 255.255.255.0",
    " option mtu 010",
  );
  assert.deepEqual(problems(config), [
    '4:9 error: lan: auto is 1, 0, true or false, not "yes"',
    '5:9 error: lan: metric is a whole number from 0 to 4294967295, not "12x"',
    "6:7 error: lan: netmask takes one value, and a list was given",
    '7:9 error: lan: mtu is a whole number from 68 to 65535, not "010"',
  ]);
  const lan = config.interfaces.get("lan");
  assert.deepEqual([lan?.isAuto, lan?.values.metric, lan?.values.mtu], [true, undefined, undefined]);
});

test("addresses and gateways that are none are errors of netifd's names, at their place", () => {
  const config = read(
    "config interface a",
    " option proto static",
    " option device eth0",
    " option ipaddr 300.1.1.1",
    " option netmask 255.0.255.0",
    " option gateway nowhere",
  );
  assert.deepEqual(problems(config), [
    "4:9 error: a: INVALID_ADDRESS 300.1.1.1",
    "5:9 error: a: INVALID_NETMASK",
    "6:9 error: a: INVALID_GATEWAY nowhere",
  ]);
});

test("unknown options are noted, except those of a protocol that another program brings", () => {
  const config = read(
    "config interface a",
    " option proto none",
    " option device eth0",
    " option colour red",
    "config interface b",
    " option proto openconnect",
    " option device eth1",
    " option server vpn.example",
    " option device /dev/ttyUSB0",
  );
  assert.deepEqual(problems(config), [
    "4:9 note: a: unknown option colour",
    "6:9 note: b: proto openconnect needs a handler; which there are, the daemon knows",
  ]);
  const text = "config interface b\n option proto openconnect\n option device eth1\n";
  const knowing = (...names: string[]) => readNetworkConfig(text, { names, whyNoOthers: "none there" });
  assert.deepEqual(problems(knowing("hello")), [
    "2:9 error: b: proto openconnect is not known here; the interface stays down (none there)",
  ]);
  assert.deepEqual(problems(knowing("openconnect")), []);
  assert.equal(config.interfaces.get("b")?.proto, "openconnect");
});

test("the loopback is no error: the kernel has it configured already", () => {
  const config = read(
    "config interface loopback",
    " option proto static",
    " option device lo",
    " option ipaddr 127.0.0.1",
  );
  assert.deepEqual(problems(config), ["1:1 note: loopback: the kernel configures lo by itself"]);
});

test("sections of other programs are not applicable, and no error", () => {
  const config = read("config switch", " option name switch0", "config wireguard_wg0", " option public_key x");
  assert.deepEqual(problems(config), [
    "1:1 note: @switch[0]: sections of type switch are not applicable here",
    "3:1 note: @wireguard_wg0[0]: sections of type wireguard_wg0 are not applicable here",
  ]);
});

test("bridges and VLANs say which links are below them, also VLANs that a name implies", () => {
  const config = read(
    "config device",
    " option name br-lan",
    " option type bridge",
    " list ports eth0",
    " list ports eth1.7",
    "config device",
    " option name office",
    " option type 8021q",
    " option ifname br-lan",
    " option vid 12",
    "config interface guests",
    " option device br-lan.10.20",
  );
  const shown = [...config.devices.values()].map(({ name, type, below, vlanId }) => [name, type, ...below, vlanId]);
  assert.deepEqual(shown, [
    ["br-lan", "bridge", "eth0", "eth1.7", undefined],
    ["office", "8021q", "br-lan", 12],
    ["eth1.7", "8021q", "eth1", 7],
    ["br-lan.10.20", "8021q", "br-lan.10", 20],
    ["br-lan.10", "8021q", "br-lan", 10],
  ]);
  assert.equal(linksInUse(config).get("eth1"), "a part of eth1.7");
  assert.equal(linksInUse(config).get("br-lan.10.20"), "interface guests");
});

test("the older form of a bridge inside an interface makes one that is called after it", () => {
  const config = read("config interface lan", " option type bridge", " option ifname 'eth0.1 eth2'");
  assert.equal(config.interfaces.get("lan")?.device, "br-lan");
  assert.deepEqual(config.devices.get("br-lan")?.below, ["eth0.1", "eth2"]);
  assert.equal(config.devices.get("eth0.1")?.vlanId, 1);
});

test("a disabled section is not there", () => {
  const config = read("config interface a", " option device eth0", " option disabled 1");
  assert.deepEqual([...config.interfaces], []);
});

test("a name server that is none is told at its place", () => {
  const config = read("config interface lan", " option dns 'nowhere 192.0.2.53 fe80::1%eth0 192.0.2.1%eth0'");
  assert.deepEqual(
    problems(config).filter((text) => text.includes("dns")),
    ['2:9 error: lan: dns "nowhere" is no address', '2:9 error: lan: dns "192.0.2.1%eth0" is no address'],
  );
});

test("routes go with their interface, and one without is told", () => {
  const config = read(
    "config interface lan",
    " option device eth0",
    "config route",
    " option interface lan",
    " option target 198.51.100.7",
    " option netmask 255.255.255.0",
    " option gateway 192.0.2.9",
    "config route",
    " option interface nowhere",
    "config route",
    " option interface lan",
    " option target 1.2.3",
    "config route",
    " option interface lan",
    " option target 203.0.113.0/24",
    " option gateway nowhere",
  );
  assert.deepEqual(config.interfaces.get("lan")?.routes, [{ destination: "198.51.100.0/24", gateway: "192.0.2.9" }]);
  assert.deepEqual(problems(config), [
    "8:1 error: @route[1]: there is no interface nowhere",
    '12:9 error: @route[2]: target "1.2.3" is no network',
    '16:9 error: @route[3]: gateway "nowhere" is no address of the target\'s family',
  ]);
});

test("no text makes it throw, and each problem has a place in the text", () => {
  const word = fc.constantFrom(
    "config",
    "option",
    "list",
    "interface",
    "device",
    "lan",
    "proto",
    "static",
    "ports",
    "ipaddr",
    "'",
    "\n",
    " ",
    "eth0.5",
    "1/2/3",
  );
  fc.assert(
    fc.property(
      fc.oneof(
        anyText(),
        fc.array(word).map((words) => words.join(" ")),
      ),
      (text) => {
        const config = readNetworkConfig(text);
        for (const { line, column } of config.problems) assert.ok(line >= 1 && column >= 1);
        assert.ok(config.problems.length <= 200);
      },
    ),
    { numRuns: fuzzRuns },
  );
});
