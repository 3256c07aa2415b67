import assert from "node:assert/strict";
import { test } from "node:test";
import type { WireVariant } from "../../../src/base/property.ts";
import { scene } from "./daemon-scene.ts";
import { FakeDaemon } from "./fake-daemon.ts";

const lastSet = (daemon: FakeDaemon): readonly unknown[] => daemon.calls.at(-1)?.args ?? [];

test("get prints one value as it is, for scripts", async (t) => {
  const daemon = await FakeDaemon.start(t);
  const value = async (...args: string[]) => (await daemon.run("get", ...args)).out;
  assert.equal(await value("manager", "DefaultService"), "/service/0\n");
  assert.equal(await value("eth0", "State"), "online\n");
  assert.equal(await value("eth0", "Powered"), "true\n");
  assert.equal(await value("/device/eth0", "IPConfigs"), "/ipconfig/eth0_1_dhcp\n");
  assert.equal(await value("eth0_1_dhcp", "NameServers"), "192.0.2.53,192.0.2.54\n");
  assert.equal(await value("~ada/home", "Name"), "home\n");
  assert.equal(await value("service:1", "LastConnected"), "never\n");
  const dictionary = new Map([
    ["Address", { signature: "s", value: "192.0.2.9" }],
    ["Mtu", { signature: "i", value: 1400 }],
  ]);
  daemon.at("/service/0").set("StaticIPConfig", dictionary);
  assert.equal(await value("eth0", "StaticIPConfig"), "Address=192.0.2.9\nMtu=1400\n");
});

test("get without a property shows all that the word means, with a heading for each object", async (t) => {
  const daemon = await FakeDaemon.start(t);
  const { out } = await daemon.run("get", "eth0");
  assert.match(out, /^service Ethernet on eth0 {2}\/service\/0$/m);
  assert.match(out, /^device eth0 {2}\/device\/eth0$/m);
  assert.match(out, /^Ethernet\.LinkUp +true$/m);
  const json = await daemon.json("get", "eth0");
  assert.deepEqual(Object.keys(json), ["/service/0", "/device/eth0"]);
});

test("get --json keeps types: numbers, lists, dictionaries", async (t) => {
  const daemon = await FakeDaemon.start(t);
  const big = 2n ** 60n;
  daemon.at("/service/0").set("LastConnected", big);
  daemon.at("/service/0").set("StaticIPConfig", new Map([["__proto__", { signature: "i", value: 1 }]]));
  assert.deepEqual(await daemon.json("get", "eth0", "LastConnected"), {
    path: "/service/0",
    property: "LastConnected",
    value: big.toString(),
  });
  const { out } = await daemon.run("get", "eth0", "StaticIPConfig", "--json");
  assert.match(out, /"value": \{\n\s+"__proto__": 1\n/);
});

test("a property that Device and Service both have needs the kind before the name", async (t) => {
  const daemon = await FakeDaemon.start(t);
  const { code, err } = await daemon.run("get", "eth0", "Type");
  assert.equal(code, 2);
  assert.match(err, /"eth0" means 2 objects; say which:\n {2}service:eth0 .*\n {2}device:eth0 /);
  assert.equal((await daemon.run("get", "device:eth0", "Name")).out, "eth0\n");
  assert.equal((await daemon.run("get", "service:eth0", "Name")).out, "Ethernet\n");
});

test("a property that is not there is named", async (t) => {
  const daemon = await FakeDaemon.start(t);
  const { code, err } = await daemon.run("get", "eth0", "Nonsense");
  assert.equal(code, 2);
  assert.match(err, /Ethernet on eth0 has no property "Nonsense" now\nsee: fairlead get eth0$/m);
  assert.match((await daemon.run("get", "eth0", "poered")).err, /no property "poered" now\ndid you mean: Powered$/m);
  assert.match((await daemon.run("set", "eth0", "Priorty", "1")).err, /does not exist\.\ndid you mean: Priority$/m);
  assert.equal((await daemon.run("get", "nobody")).code, 2);
});

test("set sends the value in the property's own type", async (t) => {
  const daemon = await FakeDaemon.start(t);
  daemon.add("/service/9", "Service", {
    Name: ["s", "All"],
    Text: ["s", ""],
    Flag: ["b", false],
    Small: ["y", 0],
    Short: ["q", 0],
    Number: ["i", 0],
    Count: ["u", 0],
    Large: ["t", 0n],
    Path: ["o", "/"],
    List: ["as", []],
    Numbers: ["aq", []],
    Words: ["a{ss}", new Map()],
  });
  daemon.at("/").set("ServiceCompleteList", ["/service/9"]);
  const cases: readonly (readonly [property: string, words: readonly string[], value: WireVariant])[] = [
    ["Text", ["a b"], { signature: "s", value: "a b" }],
    ["Text", [""], { signature: "s", value: "" }],
    ["Flag", ["yes"], { signature: "b", value: true }],
    ["Flag", ["Off"], { signature: "b", value: false }],
    ["Small", ["255"], { signature: "y", value: 255 }],
    ["Short", ["65535"], { signature: "q", value: 65535 }],
    ["Number", ["-5"], { signature: "i", value: -5 }],
    ["Count", ["4294967295"], { signature: "u", value: 4294967295 }],
    ["Large", ["18446744073709551615"], { signature: "t", value: 18446744073709551615n }],
    ["Path", ["/service/1"], { signature: "o", value: "/service/1" }],
    ["List", ["a,b\\,c", "d"], { signature: "as", value: ["a", "b,c", "d"] }],
    ["List", [""], { signature: "as", value: [] }],
    ["Numbers", ["1,2"], { signature: "aq", value: [1, 2] }],
    [
      "Words",
      ["a=b=c", "d="],
      {
        signature: "a{ss}",
        value: new Map([
          ["a", "b=c"],
          ["d", ""],
        ]),
      },
    ],
  ];
  for (const [property, words, value] of cases) {
    const { code, err } = await daemon.run("set", "All", property, ...words);
    assert.equal(code, 0, err);
    assert.deepEqual(lastSet(daemon), [property, value]);
  }
});

test("a word that is no value of the type is refused before anything is sent", async (t) => {
  const daemon = await FakeDaemon.start(t);
  const cases: readonly (readonly [words: readonly string[], message: RegExp])[] = [
    [["AutoConnect", "perhaps"], /AutoConnect takes true or false, not "perhaps"/],
    [["Priority", "high"], /Priority takes a whole number from -2147483648 to 2147483647, not "high"/],
    [["Priority", "2147483648"], /Priority takes a whole number/],
    [["Priority", "1.5"], /Priority takes a whole number/],
    [["Priority", "0x10"], /Priority takes a whole number/],
    [["Strength", "256"], /Strength takes a whole number from 0 to 255/],
    [["Strength", "-1"], /Strength takes a whole number from 0 to 255/],
    [["GUID", "a", "b"], /GUID takes one value; a value with blanks has to be quoted/],
    [["Device", "eth0"], /Device takes an object path/],
  ];
  for (const [words, message] of cases) {
    const { code, err } = await daemon.run("set", "service:eth0", ...words);
    assert.equal(code, 2);
    assert.match(err, message);
  }
  assert.deepEqual(daemon.calls, []);
});

test("a mistaken StaticIPConfig is told the way to write both families, and the way back", async (t) => {
  const daemon = await FakeDaemon.start(t);
  const refused = async (...words: string[]) => (await daemon.run("set", "eth0", "StaticIPConfig", ...words)).err;
  const both = /each family takes a word of its own: address=192\.0\.2\.5\/24 address=2001:db8::5\/64/;
  assert.match(await refused("address=192.0.2.5/24,2001:db8::5/64"), both);
  assert.match(await refused("none"), /takes key=value, not "none"\n.*\nback to the network's own addresses: --clear/);
});

test("StaticIPConfig is given in words that people know", async (t) => {
  const daemon = await FakeDaemon.start(t);
  const text = (value: string) => ({ signature: "s", value });
  const number = (value: number) => ({ signature: "i", value });
  const list = (...value: string[]) => ({ signature: "as", value });
  const words = [
    "address=192.0.2.5/24",
    "gateway=192.0.2.1",
    "dns=192.0.2.53,2001:db8::53",
    "dns=192.0.2.54",
    "mtu=1400",
  ];
  const { code, err } = await daemon.run(
    "set",
    "eth0",
    "StaticIPConfig",
    ...words,
    "search=a.example,b.example",
    "include=10.0.0.0/8",
  );
  assert.equal(code, 0, err);
  const expected = new Map<string, unknown>([
    ["Address", text("192.0.2.5")],
    ["Prefixlen", number(24)],
    ["Gateway", text("192.0.2.1")],
    ["NameServers", list("192.0.2.53", "2001:db8::53", "192.0.2.54")],
    ["Mtu", number(1400)],
    ["SearchDomains", list("a.example", "b.example")],
    ["IncludedRoutes", list("10.0.0.0/8")],
  ]);
  assert.deepEqual(lastSet(daemon), ["StaticIPConfig", { signature: "a{sv}", value: expected }]);
  await daemon.run("set", "eth0", "StaticIPConfig", "Address=192.0.2.5", "Prefixlen=16", "NameServers=192.0.2.53");
  assert.deepEqual(
    (lastSet(daemon)[1] as WireVariant).value,
    new Map<string, unknown>([
      ["Address", text("192.0.2.5")],
      ["Prefixlen", number(16)],
      ["NameServers", list("192.0.2.53")],
    ]),
  );
});

test("a mask says the same as the length of a prefix, wherever one may stand", async (t) => {
  const daemon = await FakeDaemon.start(t);
  const set = async (...words: string[]) => {
    const { code, err } = await daemon.run("set", "eth0", "StaticIPConfig", ...words);
    assert.equal(code, 0, err);
    const { value } = lastSet(daemon)[1] as WireVariant;
    return [...(value as Map<string, WireVariant>)]
      .map(([key, variant]) => `${key}=${String(variant.value)}`)
      .join(" ");
  };
  const expected = "Address=192.0.2.5 Prefixlen=26";
  assert.equal(await set("address=192.0.2.5/255.255.255.192"), expected);
  assert.equal(await set("address=192.0.2.5", "netmask=255.255.255.192"), expected);
  assert.equal(await set("address=192.0.2.5", "prefixlen=255.255.255.192"), expected);
  assert.equal(await set("address=192.0.2.5/255.255.255.255"), "Address=192.0.2.5 Prefixlen=32");
  assert.equal(await set("include=10.0.0.0/255.0.0.0,2001:db8::/32"), "IncludedRoutes=10.0.0.0/8,2001:db8::/32");
  assert.equal(await set("exclude=0.0.0.0/0.0.0.0"), "ExcludedRoutes=0.0.0.0/0");
});

test("a value that begins with a hyphen is taken after --, and that is told where it is taken for an option", async (t) => {
  const daemon = await FakeDaemon.start(t);
  const { code, err } = await daemon.run("set", "eth0", "UIData", "-kiosk");
  assert.equal(code, 2);
  assert.match(err, /unknown option "-kiosk" for set\na value that begins with - stands after --, at the end\n/);
  assert.equal((await daemon.run("set", "eth0", "UIData", "--", "-kiosk")).code, 0);
  assert.deepEqual(lastSet(daemon), ["UIData", { signature: "s", value: "-kiosk" }]);
  assert.doesNotMatch((await daemon.run("status", "-kiosk")).err, /after --/);
});

test("a gateway may be set alone", async (t) => {
  const daemon = await FakeDaemon.start(t);
  const { code } = await daemon.run("set", "eth0", "StaticIPConfig", "gateway=10.0.0.254");
  assert.equal(code, 0);
  assert.deepEqual(
    (lastSet(daemon)[1] as WireVariant).value,
    new Map([["Gateway", { signature: "s", value: "10.0.0.254" }]]),
  );
});

test("a slip in StaticIPConfig is told, where the daemon would only pass over it", async (t) => {
  const daemon = await FakeDaemon.start(t);
  const cases: readonly (readonly [words: readonly string[], message: RegExp])[] = [
    [["address=192.0.2.5"], /address needs the length of its prefix/],
    [["address=192.0.2/24"], /address takes an address such as 192\.0\.2\.5\/24, not "192\.0\.2"/],
    [["address=192.0.2.5/33"], /prefixlen takes a number from 1 to 32, or a mask such as 255\.255\.255\.0, not "33"/],
    [["dns=resolver.example"], /dns takes IP addresses, not "resolver\.example"/],
    [["include=10.0.0.0"], /include takes networks such as/],
    [["mtu=9"], /mtu takes bytes/],
    [["search=a b"], /search takes domain names/],
    [["adress=192.0.2.5/24"], /StaticIPConfig has no key "adress"\nkeys: address, gateway, dns/],
    [["ip=192.0.2.5/24"], /StaticIPConfig has no key "ip"\nkeys: address, gateway, dns/],
    [["__proto__=x"], /StaticIPConfig has no key "__proto__"/],
    [["192.0.2.5/24"], /StaticIPConfig takes key=value, not "192\.0\.2\.5\/24"\nkeys: address/],
    [["=192.0.2.5/24"], /StaticIPConfig takes key=value/],
    [["address=192.0.2.5/255.0.255.0"], /prefixlen takes a number from 1 to 32, or a mask/],
    [["address=192.0.2.5/0.0.0.0"], /prefixlen takes a number from 1 to 32, or a mask/],
    [["address=192.0.2.5/255.255.255.256"], /prefixlen takes a number from 1 to 32, or a mask/],
    [["address=192.0.2.5/24", "netmask=255.255.255.0"], /netmask is given twice/],
    [["address=192.0.2.5/24", "address=192.0.2.6/24"], /address is given twice/],
  ];
  for (const [words, message] of cases) {
    const { code, err } = await daemon.run("set", "eth0", "StaticIPConfig", ...words);
    assert.equal(code, 2);
    assert.match(err, message);
  }
  assert.deepEqual(daemon.calls, []);
});

test("a secret is taken from standard input only, never from the command line", async (t) => {
  const daemon = await FakeDaemon.start(t);
  const refused = await daemon.run("set", "service:eth0", "Passphrase", "hunter22");
  assert.equal(refused.code, 2);
  assert.match(refused.err, /Passphrase is a secret: give it on standard input/);
  assert.deepEqual(daemon.calls, []);
  const { code, out, err } = await daemon.runWith({ input: "hunter22" }, "set", "service:eth0", "Passphrase", "-");
  assert.deepEqual({ code, out, err }, { code: 0, out: "", err: "" });
  assert.deepEqual(lastSet(daemon), ["Passphrase", { signature: "s", value: "hunter22" }]);
});

test("set --json tells the value that holds now, and set is silent otherwise", async (t) => {
  const daemon = await FakeDaemon.start(t);
  assert.deepEqual(await daemon.json("set", "eth0", "Priority", "7"), {
    path: "/service/0",
    property: "Priority",
    value: 7,
  });
  assert.equal((await daemon.run("set", "eth0", "Priority", "8")).out, "");
});

test("set --clear takes a value back", async (t) => {
  const daemon = await FakeDaemon.start(t);
  assert.equal((await daemon.run("set", "eth0", "GUID", "--clear")).code, 0);
  assert.deepEqual(daemon.calls.at(-1), { path: "/service/0", member: "ClearProperty", args: ["GUID"] });
  assert.equal((await daemon.run("set", "eth0", "StaticIPConfig", "--clear")).code, 0);
  assert.deepEqual(lastSet(daemon), ["StaticIPConfig", { signature: "a{sv}", value: new Map() }]);
});

test("names are matched as they are written first, and without case where that finds nothing", async (t) => {
  const daemon = await FakeDaemon.start(t);
  daemon.at("/service/0").set("Name", "Café");
  assert.equal((await daemon.run("get", "café", "State")).out, "online\n");
  daemon.at("/service/1").set("Name", "café");
  assert.equal((await daemon.run("get", "café", "State")).out, "idle\n");
  daemon.at("/service/1").set("GUID", "0a-1");
  assert.equal((await daemon.run("get", "0a-1", "State")).out, "idle\n");
  assert.equal((await daemon.run("get", "1", "State")).out, "idle\n");
});

test("addresses of IPv6 go with the same words to the property of their own, and go with the setting", async (t) => {
  const daemon = await FakeDaemon.start(t);
  const service = daemon.at("/service/0");
  const set = async (...words: string[]) => {
    daemon.calls.length = 0;
    const { code, err } = await daemon.run("set", "eth0", "StaticIPConfig", ...words);
    return code === 0 ? daemon.calls.map(({ member, args }) => `${member} ${String(args[0])}`) : err;
  };
  assert.deepEqual(await set("address=192.0.2.5/24", "address=2001:db8::5/64", "gateway=2001:db8::1"), [
    "SetProperty StaticIPConfig",
    "Set StaticIPv6Config",
  ]);
  assert.deepEqual(
    service.ownValues.get("StaticIPv6Config")?.value,
    new Map<string, unknown>([
      ["Addresses", { signature: "as", value: ["2001:db8::5/64"] }],
      ["Gateway", { signature: "s", value: "2001:db8::1" }],
    ]),
  );
  assert.match((await daemon.run("get", "eth0", "StaticIPv6Config")).out, /^Addresses=2001:db8::5\/64\nGateway=/);
  assert.deepEqual(await set("dns=192.0.2.53"), ["SetProperty StaticIPConfig", "Set StaticIPv6Config"]);
  assert.deepEqual(service.ownValues.get("StaticIPv6Config")?.value, new Map());
  assert.deepEqual(await set("dns=192.0.2.53"), ["SetProperty StaticIPConfig"]);
  assert.match(String(await set("address=2001:db8::5")), /address takes an address such as 2001:db8::5\/64, not/);
  assert.match(String(await set("gateway=2001:db8::1", "gateway=2001:db8::2")), /gateway of IPv6 is given twice/);
});

test("a refusal that names no property is told with the property and its object", async (t) => {
  const { run } = await scene(t);
  const readOnly = /InvalidArguments: State of Ethernet on eth0: Property is read-only$/m;
  for (const words of [["idle"], ["--clear"]]) {
    const { code, err } = await run("set", "eth0", "State", ...words);
    assert.equal(code, 1);
    assert.match(err, readOnly);
  }
  assert.match((await run("set", "eth0", "Nope", "1")).err, /InvalidProperty: Property Nope does not exist\.$/m);
});
