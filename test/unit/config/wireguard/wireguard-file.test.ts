import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { DaemonError } from "../../../../src/base/errors.ts";
import { parseWireguardFile, wireguardLimits } from "../../../../src/config/wireguard/wireguard-file.ts";
import { anyText } from "../../../harness/any-text.ts";
import { fuzzRuns } from "../../../harness/fuzz-runs.ts";

const key = (letter: string): string => `${letter.repeat(42)}A=`;
const smallest = `[Interface]\nPrivateKey = ${key("a")}\n[Peer]\nPublicKey = ${key("b")}\n`;

test("a provider's file is read", () => {
  const file = parseWireguardFile(
    [
      "# made for a customer",
      "[Interface]",
      `PrivateKey = ${key("a")}`,
      "Address = 10.64.0.2/32, fd00:64::2/128",
      "DNS = 10.64.0.1, fd00:64::1 , corp.example",
      "MTU = 1380",
      "ListenPort=51820",
      "",
      "[Peer] ",
      `PublicKey = ${key("b")} # the server`,
      `PresharedKey = ${key("c")}`,
      "AllowedIPs = 0.0.0.0/0, ::/0",
      "AllowedIPs = 192.0.2.77/24",
      "Endpoint = vpn.example.org:51820",
      "PersistentKeepalive = 25",
      "[peer]",
      `publickey = ${key("d")}`,
      "endpoint = [2001:db8::1]:443",
      "allowedips = 10.0.0.0/8",
    ].join("\r\n"),
  );
  assert.deepEqual(file, {
    privateKey: key("a"),
    addresses: ["10.64.0.2/32", "fd00:64::2/128"],
    nameServers: ["10.64.0.1", "fd00:64::1"],
    searchDomains: ["corp.example"],
    mtu: 1380,
    listenPort: 51820,
    peers: [
      {
        publicKey: key("b"),
        presharedKey: key("c"),
        allowedIps: ["0.0.0.0/0", "::/0", "192.0.2.0/24"],
        endpoint: { host: "vpn.example.org", port: 51820 },
        keepaliveSeconds: 25,
      },
      { publicKey: key("d"), allowedIps: ["10.0.0.0/8"], endpoint: { host: "2001:db8::1", port: 443 } },
    ],
    notes: [],
  });
});

test("an address without a length is a whole one", () => {
  const { addresses } = parseWireguardFile(smallest.replace("[Peer]", "Address = 10.0.0.1,fd00::1\n[Peer]"));
  assert.deepEqual(addresses, ["10.0.0.1/32", "fd00::1/128"]);
});

test("AllowedIPs without a value allow nothing, and take nothing away", () => {
  const allowedIn = (lines: string) => parseWireguardFile(smallest + lines).peers[0]?.allowedIps;
  assert.deepEqual(allowedIn("AllowedIPs =\n"), []);
  assert.deepEqual(allowedIn("AllowedIPs = 10.0.0.0/8\nAllowedIPs =\n"), ["10.0.0.0/8"]);
});

test("settings that are the daemon's business are read without effect, and told", () => {
  const { notes } = parseWireguardFile(smallest.replace("[Peer]", "Table = off\nSaveConfig = true\n[Peer]"));
  assert.deepEqual(notes, ["line 3: Table has no effect here", "line 4: SaveConfig has no effect here"]);
});

for (const command of ["PreUp", "PostUp", "PreDown", "postdown"]) {
  test(`${command} is refused by name: it would run as root`, () => {
    const text = smallest.replace("[Peer]", `${command} = /bin/true\n[Peer]`);
    assert.throws(() => parseWireguardFile(text), new RegExp(`line 3: ${command} runs a command`));
  });
}

const refused: readonly (readonly [what: string, text: string, words: RegExp])[] = [
  ["an empty file", "", /line 1: \[Interface\] has no PrivateKey/],
  ["a file without peers", `[Interface]\nPrivateKey=${key("a")}`, /no \[Peer\]/],
  ["a peer without a key", `${smallest}[Peer]\nAllowedIPs = ::/0`, /line 5: \[Peer\] has no PublicKey/],
  ["another section", `${smallest}[Tunnel]`, /line 5: a section/],
  ["a setting before the sections", `MTU = 1400\n${smallest}`, /line 1: MTU stands before/],
  ["a line without a sign", `${smallest}hello`, /line 5: neither/],
  ["a key without a value", `${smallest}PresharedKey =`, /line 5: PresharedKey has no value/],
  ["a setting without a value", `${smallest}Endpoint =`, /line 5: Endpoint has no value/],
  ["an unknown setting", `${smallest}Speed = 9`, /line 5: Speed is nothing/],
  ["a setting of the other section", `${smallest}MTU = 1400`, /line 5: MTU is nothing that \[Peer\]/],
  ["a short key", smallest.replace(key("b"), "bbb="), /line 4: PublicKey is no key/],
  ["a key with bits too many", smallest.replace(key("b"), `${"b".repeat(43)}=`), /no key/],
  ["a name for an address", `${smallest}AllowedIPs = example.org`, /no address/],
  ["a prefix too long", `${smallest}AllowedIPs = 10.0.0.0/33`, /0 to 32/],
  ["a port too large", `${smallest}Endpoint = a:70000`, /the port in Endpoint/],
  ["IPv6 without brackets", `${smallest}Endpoint = 2001:db8::1:51820`, /HOST:PORT/],
  ["a huge file", `${smallest}#${"x".repeat(wireguardLimits.bytes)}`, /larger/],
  ["a crowd of peers", `${smallest}${`[Peer]\nPublicKey=${key("b")}\n`.repeat(wireguardLimits.peers)}`, /more than/],
];
for (const [what, text, words] of refused) {
  test(`${what} is refused with its line`, () => {
    assert.throws(
      () => parseWireguardFile(text),
      (error) => error instanceof DaemonError && error.code === "InvalidArguments" && words.test(error.message),
    );
  });
}

test("no refusal repeats a value: it may be a key", () => {
  const secret = "SECRETSECRETSECRET";
  for (const name of ["PrivateKey", "Address", "DNS", "MTU", "PublicKey", "PresharedKey", "AllowedIPs", "Endpoint"]) {
    for (const section of ["Interface", "Peer"]) {
      try {
        parseWireguardFile(`[${section}]\n${name} = ${secret}`);
      } catch (error) {
        assert.ok(error instanceof DaemonError);
        assert.doesNotMatch(JSON.stringify([error.message, error.context, String(error.cause)]), /SECRET/);
      }
    }
  }
});

test("any text is read or refused with a line of it", () => {
  const piece = fc.oneof(
    fc.constantFrom("[Interface]", "[Peer]", "\n", "=", "PrivateKey = ", key("a"), "AllowedIPs=", "::/0", ",", "#"),
    anyText({ maxLength: 5 }),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
      const text = pieces.join("");
      try {
        parseWireguardFile(text);
      } catch (error) {
        if (!(error instanceof DaemonError)) throw error;
        assert.ok(Number(error.context.line) <= text.split("\n").length);
      }
    }),
    { numRuns: fuzzRuns },
  );
});
