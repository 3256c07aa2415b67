import assert from "node:assert/strict";
import { test } from "node:test";
import { readLeaseOptions } from "../../../../src/network/protocols/dhcp4/lease-options.ts";
import {
  optionCode as code,
  decodeOptions,
  lengthOfOptions,
  writeOptions,
} from "../../../../src/network/protocols/dhcp4/options.ts";
import { bytesOf, uint32 } from "../../../fakes/fake-dhcp-server.ts";

const none = Buffer.alloc(0);
const hex = (text: string) => Buffer.from(text.replaceAll(" ", ""), "hex");

function decode(options: Buffer, file = none, serverName = none) {
  const result = decodeOptions({ options, file, serverName });
  if ("malformed" in result) return result.malformed;
  return Object.fromEntries([...result.options].map(([number, value]) => [number, value.toString("hex")]));
}
const read = (...options: [number, Buffer][]) => readLeaseOptions(new Map(options));

test("options are read up to the end mark, pads skipped", () => {
  assert.deepEqual(decode(hex("00 01 04 ffffff00 00 00 35 01 05 ff 03 04 01010101")), { 1: "ffffff00", 53: "05" });
});
test("a missing end mark is forgiven", () => {
  assert.deepEqual(decode(hex("35 01 05")), { 53: "05" });
});
test("an empty field holds no options", () => {
  assert.deepEqual(decode(none), {});
});
test("an option without length, or longer than its field, spoils the message and is named", () => {
  assert.equal(decode(hex("35 01 05 33")), "option 51 in options has no length");
  assert.equal(decode(hex("35 01 05 33 04 000000")), "option 51 in options runs 1 bytes over the end");
  assert.equal(decode(hex("33 ff")), "option 51 in options runs 255 bytes over the end");
});
test("an option given in parts is joined", () => {
  assert.deepEqual(decode(hex("77 02 0361 35 01 05 77 03 626300 ff")), { 119: "0361626300", 53: "05" });
});
test("options go on in file, then in sname, as option 52 says", () => {
  const file = hex("0c 01 41 ff");
  const serverName = hex("0c 01 42 ff");
  assert.deepEqual(decode(hex("34 01 01 ff"), file, serverName), { 52: "01", 12: "41" });
  assert.deepEqual(decode(hex("34 01 02 ff"), file, serverName), { 52: "02", 12: "42" });
  assert.deepEqual(decode(hex("34 01 03 0c 01 40 ff"), file, serverName), { 52: "03", 12: "404142" });
  assert.deepEqual(decode(hex("35 01 05 ff"), file, serverName), { 53: "05" });
});
test("option 52 inside file does not open sname", () => {
  assert.deepEqual(decode(hex("34 01 01 ff"), hex("34 01 02 ff"), hex("0c 01 42 ff")), { 52: "0102" });
});
test("an option that runs over the end of file or sname is named", () => {
  assert.equal(decode(hex("34 01 01 ff"), hex("0c 09 41")), "option 12 in file runs 8 bytes over the end");
  assert.equal(decode(hex("34 01 02 ff"), none, hex("0c")), "option 12 in sname has no length");
});
test("values of more than 255 bytes are split and come back whole", () => {
  const long = Buffer.alloc(700, 7);
  const options = [
    [77, long],
    [80, none],
  ] as const;
  const encoded = Buffer.alloc(lengthOfOptions(options));
  writeOptions(options, encoded, 0);
  assert.deepEqual(decode(encoded), { 77: long.toString("hex"), 80: "" });
});

const useless = (number: number) => ({
  problems: [`option ${number} is malformed or of no use`],
  isMaskUnusable: number === code.subnetMask,
});

/** Each option, a right value of it, and its meaning. */
const meanings = [
  [code.subnetMask, uint32(0xffffff00), { subnetMask: 0xffffff00 }],
  [code.router, bytesOf("10.1.0.1", "10.1.0.2"), { routers: ["10.1.0.1", "10.1.0.2"] }],
  [code.nameServers, bytesOf("0.0.0.0", "9.9.9.9", "9.9.9.9"), { nameServers: ["9.9.9.9"] }],
  [code.hostName, Buffer.from("laptop"), { hostName: "laptop" }],
  [code.domainName, Buffer.from("example.org\0"), { domainName: "example.org", searchDomains: ["example.org."] }],
  [code.mtu, hex("0578"), { mtu: 1400 }],
  [code.broadcast, bytesOf("10.1.0.255"), { broadcast: "10.1.0.255" }],
  [code.ntpServers, bytesOf("10.1.0.3"), { ntpServers: ["10.1.0.3"] }],
  [code.leaseTime, uint32(60), { leaseSeconds: 60 }],
  [code.renewalTime, uint32(30), { renewSeconds: 30 }],
  [code.rebindingTime, uint32(50), { rebindSeconds: 50 }],
  [code.serverId, bytesOf("10.1.0.1"), { serverId: "10.1.0.1" }],
  [code.ipv6OnlyPreferred, uint32(1800), { ipv6OnlySeconds: 1800 }],
  [code.captivePortal, Buffer.from("https://portal/api"), { captivePortalUri: "https://portal/api" }],
  [code.domainSearch, hex("01610162 00"), { searchDomains: ["a.b"] }],
  [code.webProxyAutoDiscovery, Buffer.from("http://w/p.dat\n"), { webProxyAutoDiscoveryUrl: "http://w/p.dat" }],
  [
    code.classlessRoutes,
    hex("10 0a09 0a010002 18 c0a805 00000000"),
    { routes: [{ destination: "10.9.0.0/16", gateway: "10.1.0.2" }, { destination: "192.168.5.0/24" }] },
  ],
] as const;

for (const [number, value, expected] of meanings) {
  test(`option ${number} is understood, and of one with a length wrong by one the usable part, and named`, () => {
    const { problems, ...found } = read([number, value]);
    for (const [member, meaning] of Object.entries(expected)) {
      assert.deepEqual(found[member as keyof typeof found], meaning);
    }
    assert.deepEqual(problems, []);
    const isText = [code.hostName, code.domainName, code.captivePortal, code.webProxyAutoDiscovery].includes(
      number as 12,
    );
    if (isText) return;
    const isAllOrNothing = [code.domainSearch, code.classlessRoutes].includes(number as 121);
    const tooLong = read([number, Buffer.concat([value, Buffer.of(1)])]);
    if (isAllOrNothing) assert.deepEqual(tooLong, { ...read(), ...useless(number) });
    else {
      assert.match(tooLong.problems.join(), new RegExp(`^option ${number}: 1 bytes after the .* are ignored$`));
      assert.deepEqual({ ...tooLong, problems: [] }, { ...found, problems: [] });
    }
    const tooShort = read([number, value.subarray(0, -1)]);
    if (value.length <= 4 || isAllOrNothing) assert.deepEqual(tooShort, { ...read(), ...useless(number) });
    else assert.match(tooShort.problems.join(), /: 3 bytes after the addresses are ignored$/);
  });
}

test("option 43 is passed on as hex", () => {
  assert.equal(
    read([code.vendorEncapsulated, Buffer.from("ANDROID_METERED")]).vendorEncapsulatedOptions,
    "414e44524f49445f4d455445524544",
  );
});
test("an MTU of 576 or less is not used", () => {
  assert.equal(read([code.mtu, hex("0240")]).mtu, undefined);
  assert.equal(read([code.mtu, hex("0241")]).mtu, 577);
});
test("a portal or proxy that is no fitting URL is not used", () => {
  for (const text of [
    "http://portal/",
    "ftp://x",
    "javascript:alert(1)",
    "https://a b/",
    "https://x\nHost: y",
    "",
    "urn:ietf:params:capport:unrestricted",
  ]) {
    assert.equal(read([code.captivePortal, Buffer.from(text)]).captivePortalUri, undefined, text);
  }
  assert.equal(
    read([code.webProxyAutoDiscovery, Buffer.from("file:///etc/passwd")]).webProxyAutoDiscoveryUrl,
    undefined,
  );
});
test("hostile names reach no user", () => {
  const hostile = [
    "a\nnameserver 6.6.6.6",
    "-x",
    "x-",
    "a..b",
    ".",
    "a;b",
    "$(x)",
    "a/b",
    "x".repeat(64),
    "é.org",
    "\0",
    `${"a.".repeat(130)}a`,
  ];
  for (const text of hostile) {
    assert.equal(read([code.domainName, Buffer.from(text)]).domainName, undefined, JSON.stringify(text));
    assert.equal(read([code.hostName, Buffer.from(text)]).hostName, undefined, JSON.stringify(text));
    assert.deepEqual(read([code.domainName, Buffer.from(text)]).searchDomains, []);
  }
  assert.equal(read([code.hostName, Buffer.from("a b")]).hostName, undefined);
});
test("several domains in option 15 are all searched, the first is the domain", () => {
  const names = (text: string) => read([code.domainName, Buffer.from(text)]).searchDomains;
  assert.deepEqual(names("corp.example dev.example"), ["corp.example.", "dev.example."]);
  assert.deepEqual(names("  corp.example,  dev.example. corp.example \0"), ["corp.example.", "dev.example."]);
  assert.equal(read([code.domainName, Buffer.from("corp.example dev.example")]).domainName, "corp.example");
});
test("of several domains in option 15 those that are none are left out and counted", () => {
  const { searchDomains, problems } = read([code.domainName, Buffer.from("corp.example $(x) -y b.example")]);
  assert.deepEqual(searchDomains, ["corp.example.", "b.example."]);
  assert.deepEqual(problems, ["option 15: 2 of 4 names are no domains, ignored"]);
});
test("a control character among the domains of option 15 spoils them all", () => {
  const text = "corp.example a\nnameserver 6.6.6.6";
  assert.deepEqual(read([code.domainName, Buffer.from(text)]).searchDomains, []);
});
test("hundreds of domains in option 15 give 32", () => {
  const text = Array.from({ length: 300 }, (_, index) => `d${index}`).join(" ");
  assert.equal(read([code.domainName, Buffer.from(text)]).searchDomains.length, 32);
});

/** As a packet has it, one option after the other. */
function receive(...options: [number, Buffer][]) {
  const field = Buffer.concat(options.map(([number, value]) => Buffer.from([number, value.length, ...value])));
  const result = decodeOptions({ options: field, file: none, serverName: none });
  assert.ok("options" in result);
  return readLeaseOptions(result.options, result.repeats);
}
test("of a value that is sent twice the first usable counts, and the log tells", () => {
  const twice = receive([code.leaseTime, uint32(600)], [code.leaseTime, uint32(900)]);
  assert.deepEqual([twice.leaseSeconds, twice.problems], [600, ["option 51 came 2 times"]]);
  assert.equal(receive([code.leaseTime, hex("0258")], [code.leaseTime, uint32(900)]).leaseSeconds, 900);
  assert.equal(receive([code.subnetMask, hex("ff00ff00")], [code.subnetMask, hex("ffffff00")]).subnetMask, 0xffffff00);
});
test("a value of four bytes that is sent in two halves is joined", () => {
  assert.equal(receive([code.subnetMask, hex("ffff")], [code.subnetMask, hex("ff00")]).subnetMask, 0xffffff00);
});
test("lists that are sent twice are one list", () => {
  const servers = receive([code.nameServers, bytesOf("9.9.9.9")], [code.nameServers, bytesOf("9.9.9.9", "1.1.1.1")]);
  assert.deepEqual(servers.nameServers, ["9.9.9.9", "1.1.1.1"]);
  const damaged = receive([code.nameServers, hex("09090909 01")], [code.nameServers, bytesOf("1.1.1.1")]);
  assert.deepEqual(damaged.nameServers, ["9.9.9.9", "1.1.1.1"], "the odd byte shifts nothing");
  const routes = receive([121, hex("080b 0a010002")], [121, hex("080b 0a010002 080c 0a010002")]);
  assert.deepEqual([...new Set(routes.routes.map(({ destination }) => destination))], ["11.0.0.0/8", "12.0.0.0/8"]);
});
test("of routes sent twice one damaged list leaves the other", () => {
  const { routes, problems } = receive([121, hex("21 0a")], [121, hex("08 0b 0a010002")]);
  assert.deepEqual(routes, [{ destination: "11.0.0.0/8", gateway: "10.1.0.2" }]);
  assert.deepEqual(problems, ["option 121 came 2 times"]);
});
test("domains that are sent twice are two domains and not one long word", () => {
  const { searchDomains } = receive([15, Buffer.from("corp.example")], [15, Buffer.from("dev.example")]);
  assert.deepEqual(searchDomains, ["corp.example.", "dev.example."]);
});
test("a value of more than 255 bytes is one value, and so is one that goes on in the next field", () => {
  const url = `https://portal/${"x".repeat(300)}`;
  const parts = [url.slice(0, 255), url.slice(255)].map((part) => [114, Buffer.from(part)] as [number, Buffer]);
  assert.deepEqual([receive(...parts).captivePortalUri, receive(...parts).problems], [url, []]);
  const result = decodeOptions({
    options: hex("34 01 01 0f 05 6c61622e65 ff"),
    file: hex("0f 06 78616d706c65 ff"),
    serverName: none,
  });
  assert.ok("options" in result);
  assert.equal(readLeaseOptions(result.options, result.repeats).domainName, "lab.example");
});
test("a mask with holes or without ones is none, and that is told", () => {
  for (const mask of [0, 0xff00ff00, 0x00ffffff]) {
    const { subnetMask, isMaskUnusable } = read([code.subnetMask, uint32(mask)]);
    assert.deepEqual([subnetMask, isMaskUnusable], [undefined, true]);
  }
  assert.equal(read().isMaskUnusable, false);
});
test("an address that no host can have is left out of a list and told, padding with 0.0.0.0 is not", () => {
  const { nameServers, problems } = read([6, bytesOf("0.0.0.0", "127.0.0.1", "9.9.9.9")]);
  assert.deepEqual([nameServers, problems], [["9.9.9.9"], ["option 6: 127.0.0.1: not of a host, ignored"]]);
});

test("a search list may point back into itself (RFC 3397, 2)", () => {
  const data = hex("03656e67 056170706c65 03636f6d 00  096d61726b6574696e67 c004");
  assert.deepEqual(read([code.domainSearch, data]).searchDomains, ["eng.apple.com", "marketing.apple.com"]);
});
test("a given search list is used instead of the domain name", () => {
  const options = read([code.domainSearch, hex("0161 00")], [code.domainName, Buffer.from("b.c")]);
  assert.deepEqual(options.searchDomains, ["a"]);
});
const brokenLists = {
  "a pointer to itself": "c000",
  "a pointer forward": "c002 0161 00",
  "two pointers in a circle": "0161 c004 0162 c000",
  "a pointer beyond the data": "0161 00 c0ff",
  "half a pointer": "0161 00 c0",
  "a label longer than the data": "05 6162",
  "a name without end": "0161 0162",
  "the reserved label type 10": "80 61 00",
};
for (const [what, data] of Object.entries(brokenLists)) {
  test(`a search list with ${what} is ignored as a whole`, () => {
    const options = read([code.domainSearch, hex(data)]);
    assert.deepEqual([options.searchDomains, options.problems.length], [[], 1]);
  });
}
test("names of a search list longer than 253 characters spoil it", () => {
  const label = Buffer.concat([Buffer.of(63), Buffer.alloc(63, 0x61)]);
  assert.deepEqual(
    read([code.domainSearch, Buffer.concat([label, label, label, label, Buffer.of(0)])]).searchDomains,
    [],
  );
});
test("a search list of thousands of pointers gives 32 names at most", () => {
  const labels = Array.from({ length: 100 }, (_, index) =>
    Buffer.from([2, 97 + (index % 26), 97 + Math.floor(index / 26), 0]),
  );
  assert.equal(read([code.domainSearch, Buffer.concat(labels)]).searchDomains.length, 32);
});
test("bad characters leave out one name and not the list", () => {
  assert.deepEqual(read([code.domainSearch, hex("0320203b 00 0161 00")]).searchDomains, ["a"]);
});

const route = (...lines: string[]) => hex(lines.join(""));
test("beside classless routes the router option is void, and the log tells where that makes a difference", () => {
  const data = route("00 0a010009", "08 0b 0a010002");
  assert.deepEqual(read([code.classlessRoutes, data]).routers, ["10.1.0.9"]);
  const both = read([code.classlessRoutes, data], [code.router, bytesOf("10.1.0.1")]);
  assert.deepEqual(both.routers, ["10.1.0.9"]);
  assert.deepEqual(both.routes, [{ destination: "11.0.0.0/8", gateway: "10.1.0.2" }]);
  assert.deepEqual(both.problems, ["option 3 (10.1.0.1) is ignored beside classless routes (10.1.0.9), see RFC 3442"]);
  assert.deepEqual(read([code.classlessRoutes, data], [code.router, bytesOf("10.1.0.9")]).problems, []);
});
test("classless routes without a default route leave none, with any option 3", () => {
  const { routers, problems } = read([121, route("08 0b 0a010002")], [code.router, bytesOf("10.1.0.1")]);
  assert.deepEqual(routers, []);
  assert.deepEqual(problems, [
    "option 3 (10.1.0.1) is ignored beside classless routes (no default route), see RFC 3442",
  ]);
});
test("damaged classless routes leave the router option in force", () => {
  const { routers, routes } = read([121, hex("21 0a")], [code.router, bytesOf("10.1.0.1")]);
  assert.deepEqual([routers, routes], [["10.1.0.1"], []]);
});
test("option 249 takes the place of the router option only with a default route", () => {
  const router = [code.router, bytesOf("10.1.0.1")] as [number, Buffer];
  assert.deepEqual(read([249, route("08 0b 0a010002")], router).routers, ["10.1.0.1"]);
  assert.deepEqual(read([249, route("00 0a010009")], router).routers, ["10.1.0.9"]);
});
test("option 121 beats 249, and 249 counts where 121 is missing or broken", () => {
  const standard = route("08 0b 0a010002");
  const microsoft = route("08 0c 0a010003");
  const destinations = (...options: [number, Buffer][]) =>
    read(...options).routes.map(({ destination }) => destination);
  assert.deepEqual(destinations([121, standard], [249, microsoft]), ["11.0.0.0/8"]);
  assert.deepEqual(destinations([249, microsoft]), ["12.0.0.0/8"]);
  assert.deepEqual(destinations([121, hex("21")], [249, microsoft]), ["12.0.0.0/8"]);
});
test("one bad route spoils all", () => {
  for (const bad of ["21 0a01000000 0a010002", "08 0b 0a0100", "08 0b e0000001", "20 0a0100"]) {
    assert.deepEqual(read([code.classlessRoutes, route("08 0c 0a010003", bad)]).routes, [], bad);
  }
});
test("bits beyond the prefix of a route count as zero", () => {
  assert.equal(read([121, route("09 0bff 0a010002")]).routes[0]?.destination, "11.128.0.0/9");
  assert.equal(read([121, route("20 0b000001 0a010002")]).routes[0]?.destination, "11.0.0.1/32");
});
test("routes that would take loopback or multicast away are left out", () => {
  assert.deepEqual(read([121, route("08 7f 0a010002", "04 e0 0a010002", "08 0c 0a010003")]).routes, [
    { destination: "12.0.0.0/8", gateway: "10.1.0.3" },
  ]);
});
