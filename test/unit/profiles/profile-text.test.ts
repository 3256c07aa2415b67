import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import fc from "fast-check";
import { formatProfile, parseProfile, parseProfileInTurns } from "../../../src/profiles/profile-text.ts";

const folder = new URL("../../../profiles/", import.meta.url);
const rowsOf = (text: string) =>
  [...parseProfile(text)].map(([entry, rows]) => [entry, Object.fromEntries(rows)] as const);

test("a written Profile can be read again, with any names and values", () => {
  const word = fc
    .string({ unit: "grapheme-ascii", minLength: 1, maxLength: 20 })
    .map((text) => text.replace(/["\\]/g, "-"));
  const json = fc.jsonValue({ maxDepth: 2 }).filter((value) => typeof value !== "object" || Array.isArray(value));
  const rows = fc.uniqueArray(fc.tuple(word, json), { selector: ([name]) => name, maxLength: 5 });
  const profile = fc.uniqueArray(fc.tuple(word, rows), { selector: ([name]) => name, maxLength: 4 });
  fc.assert(
    fc.property(profile, (content) => {
      const entries = content.map(
        ([entry, list]) => [entry, new Map(list.map(([name, value]) => [name, JSON.stringify(value)]))] as const,
      );
      const read = parseProfile(formatProfile(entries, { withSecrets: true }));
      assert.deepEqual(
        [...read],
        entries.map(([entry, map]) => [entry, new Map([...map].sort(([a], [b]) => (a < b ? -1 : 1)))]),
      );
    }),
  );
});

test("a dictionary is read as people write it, and stored as the daemon does", () => {
  const text = `[ethernet_any]\nStaticIPConfig = {"Address": "192.0.2.5", "Prefixlen": 24, "NameServers": ["192.0.2.53"]}\n`;
  const [[, rows] = []] = rowsOf(text);
  assert.deepEqual(JSON.parse(rows?.StaticIPConfig ?? ""), [
    ["Address", { signature: "s", value: "192.0.2.5" }],
    ["Prefixlen", { signature: "i", value: 24 }],
    ["NameServers", { signature: "as", value: ["192.0.2.53"] }],
  ]);
  const again = formatProfile(parseProfile(text), { withSecrets: false });
  assert.match(
    again,
    /^StaticIPConfig = \{"Address":"192\.0\.2\.5","Prefixlen":24,"NameServers":\["192\.0\.2\.53"\]\}$/m,
  );
});

test("secrets are kept back unless asked for; yes-or-no is none", () => {
  const rows = new Map([
    ["WiFi.Passphrase", '"hush hush"'],
    ["SaveCredentials", "false"],
    ["GUID", '"7"'],
  ]);
  const without = formatProfile([["wifi_home", rows]], { withSecrets: false });
  assert.match(without, /^# WiFi\.Passphrase: kept back$/m);
  assert.doesNotMatch(without, /hush/);
  assert.match(without, /^SaveCredentials = false$/m);
  assert.match(formatProfile([["wifi_home", rows]], { withSecrets: true }), /^WiFi\.Passphrase = "hush hush"$/m);
});

test("a text that would be longer than one may be is not made, nor is what would be in it read", () => {
  let read = 0;
  function* endless(): Generator<[string, Map<string, string>]> {
    for (;;) yield [`wifi_${read++}`, new Map([["Name", `"${"n".repeat(250_000)}"`]])];
  }
  assert.throws(() => formatProfile(endless(), { withSecrets: true }), /more than 8388608 characters; delete some/);
  assert.ok(read < 40, `${read} entries`);
});

test("a long text is read in parts, with the same result and the same complaints", async () => {
  const text = Array.from({ length: 2_000 }, (_, at) => `[wifi_${at}]\nName = "${"n".repeat(100)}"`).join("\n");
  let turns = 0;
  let isReading = true;
  const count = () => {
    turns++;
    if (isReading) setImmediate(count);
  };
  count();
  const read = await parseProfileInTurns(text, () => {});
  isReading = false;
  assert.ok(turns > 2, `${turns} turns`);
  assert.deepEqual(read, parseProfile(text));
  await assert.rejects(
    parseProfileInTurns(`${text}\nnonsense`, () => {}),
    /^DaemonError: line 4001: neither/,
  );
});

test("a secret inside a value is kept back as well, however it is wrapped; its neighbours are told", () => {
  const hidden: Readonly<Record<string, unknown>> = {
    Provider: [
      ["Host", { signature: "s", value: "vpn.example" }],
      ["L2TPIPsec.Password", { signature: "s", value: "hush" }],
    ],
    WireGuardPeers: [
      [
        ["PublicKey", "pub"],
        ["PresharedKey", "hush"],
      ],
    ],
    Nested: { a: [{ b: { client_secret: "hush" } }] },
    AsText: JSON.stringify({ onc: { Passphrase: "hush" } }),
    Config: "[Interface]\nPrivateKey = hush\n",
    Identity: "-----BEGIN RSA PRIVATE KEY-----\nhush",
    PIN: 4711,
    Deep: JSON.parse(`${"[".repeat(20)}"hush"${"]".repeat(20)}`),
  };
  const told = {
    Host: "vpn.example",
    Peers: [["a", "b"]],
    Retries: 3,
    HasPassphrase: true,
    Proxy: '{"mode":"direct"}',
  };
  const rows = new Map(Object.entries({ ...hidden, ...told }).map(([name, value]) => [name, JSON.stringify(value)]));
  const text = formatProfile([["vpn_x", rows]], { withSecrets: false });
  assert.doesNotMatch(text, /hush|4711/);
  for (const name of Object.keys(hidden)) assert.match(text, new RegExp(`^# ${name}: kept back$`, "m"));
  for (const name of Object.keys(told)) assert.match(text, new RegExp(`^${name} = `, "m"));
});

const wrong: readonly [text: string, complaint: RegExp][] = [
  ["GUID = 7", /^line 1: an \[entry\] has to come first/],
  ["[a]\n\n# words\nGUID", /^line 4: neither/],
  ["[a]\nGUID = seven", /^line 2: the value of GUID is not JSON/],
  ["[a]\nGUID = 7\nGUID = 8", /^line 3: GUID is set a second time/],
  ["[a]\n[b]\n[a]", /^line 3: \[a\] stands here a second time/],
  ["[a", /^line 1: an entry is begun by/],
  ["[]", /^line 1: an entry is begun by/],
  ['[a]\nX = {"deep": {"er": 1}}', /^line 2: deep in X is of no type/],
  [`[${"a".repeat(300)}]`, /^line 1: The entry name has 300 characters/],
  ['[a]\nPassphrase = "open', /^line 2: the value of Passphrase is not JSON \(texts stand in double quotes\)$/],
];
for (const [text, complaint] of wrong) {
  test(`refused with its line: ${JSON.stringify(text.slice(0, 40))}`, () => {
    assert.throws(() => parseProfile(text), { code: "InvalidArguments", message: complaint });
  });
}

test("a text beyond all use is refused before it is looked at", () => {
  assert.throws(() => parseProfile("#".repeat(9 * 1024 * 1024)), /more than 8388608 characters/);
});

test("the default contents and every example are right", () => {
  const files = ["default.profile", ...readdirSync(new URL("examples/", folder)).map((name) => `examples/${name}`)];
  for (const file of files) {
    assert.ok(parseProfile(readFileSync(new URL(file, folder), "utf8")).size > 0, file);
  }
});
