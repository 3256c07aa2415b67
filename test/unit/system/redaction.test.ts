import assert from "node:assert/strict";
import { test } from "node:test";
import { isSecretName, redacted, redactFields, redactText } from "../../../src/system/redaction.ts";

test("names of secrets are known in every spelling", () => {
  const secrets = [
    "Passphrase",
    "WiFi.PreSharedKey",
    "psk",
    "raw_psk",
    "EAP.Password",
    "EAP.PrivateKeyPassword",
    "EAP.PIN",
    "PIN",
    "pin2",
    "Cellular.SIMPin",
    "unblock_puk",
    "wireguard_private_key",
    "PrivateKey",
    "PRESHAREDKEY",
    "L2TPIPsec.PSK",
    "OpenVPN.Pass",
    "OpenVPN.OTP",
    "OpenVPN.Token",
    "wep_key0",
    "WEPKey",
    "sae_password",
    "clientSecret",
    "Provider.L2TPIPsec.Password",
    "new-pin",
    "passwd",
    "PPPoE.Password",
  ];
  for (const name of secrets) assert.ok(isSecretName(name), name);
});

test("harmless names are left alone", () => {
  const harmless = [
    "ping",
    "mapping",
    "pinned",
    "spinning",
    "State",
    "Name",
    "SSID",
    "PublicKey",
    "key",
    "keys",
    "Security",
    "pid",
    "bypass",
    "compassHeading",
    "Type",
    "tokens-left",
    "keyManagement",
    "identity",
    "PassiveScan",
  ];
  for (const name of harmless) assert.ok(!isSecretName(name), name);
});

test("secrets are hidden in objects, Maps, pairs and records, however deep", () => {
  const fields = {
    service: "/service/1",
    passphrase: "hunter2",
    config: {
      "EAP.Identity": "me",
      "EAP.Password": "hunter2",
      list: [{ psk: "hunter2" }, ["PIN", 1234], ["a", "b", "c"]],
    },
    properties: new Map<string, unknown>([
      ["Name", "home"],
      ["Passphrase", { signature: "s", value: "hunter2" }],
      ["nested", new Map([["private_key", Buffer.from("hunter2")]])],
    ]),
    set: { name: "Passphrase", value: "hunter2" },
    change: { property: "Name", value: "home" },
    members: new Set(["psk=hunter2"]),
  };
  const text = JSON.stringify(redactFields(fields), (_key, value) => (value instanceof Map ? [...value] : value));
  assert.doesNotMatch(text, /hunter2|1234/);
  for (const shown of ["/service/1", '"me"', '"home"', '["a","b","c"]']) assert.ok(text.includes(shown), shown);
  assert.equal(fields.passphrase, "hunter2", "the original is not touched");
});

test("whether there is a secret may be shown", () => {
  const fields = { hasPassphrase: true, password: undefined, psk: null, passphraseRequired: false };
  assert.deepEqual({ ...redactFields(fields) }, fields);
});

test("a ring, great depth and great width end", () => {
  const ring: Record<string, unknown> = { psk: "hunter2" };
  ring.self = ring;
  const wide = Object.fromEntries(Array.from({ length: 5000 }, (_, at) => [`k${at}`, at]));
  const result = redactFields({ ring, wide });
  assert.doesNotMatch(JSON.stringify(result), /hunter2/);
  assert.equal(Object.keys(result.wide as object).length, 1000);
});

test("a key __proto__ is data", () => {
  const result = redactFields(JSON.parse('{"__proto__": {"psk": "hunter2", "a": 1}}'));
  assert.deepEqual(Object.keys(result), ["__proto__"]);
  assert.doesNotMatch(JSON.stringify(result), /hunter2/);
});

test("secrets are hidden in text", () => {
  const cases: readonly [string, string][] = [
    ["connect psk=hunter2", `connect psk=${redacted}`],
    ["psk=my long pass phrase ssid=home", `psk=${redacted} ssid=home`],
    ["password=a,b;c&d user=me", `password=${redacted} user=me`],
    ["https://x/?user=me&password=p%20q&z=1", `https://x/?user=me&password=${redacted}&z=1`],
    ['{"Passphrase": "with \\" quote", "Name": "home"}', `{"Passphrase": ${redacted}, "Name": "home"}`],
    ["failed: psk='single quoted' more", `failed: psk=${redacted} more`],
    ["EAP.Password = spaced out\nnext line", `EAP.Password = ${redacted}\nnext line`],
    ['pin="unterminated', `pin=${redacted}`],
    ["a=1 b=2", "a=1 b=2"],
    ["nothing to see", "nothing to see"],
    ["ends with psk=", "ends with psk="],
    ["psk=one psk=two", `psk=${redacted} psk=${redacted}`],
  ];
  for (const [text, expected] of cases) assert.equal(redactText(text), expected);
});

/** The least milliseconds of processor time of some runs: waiting for a processor does not count. */
function leastMs(work: () => void): number {
  const once = () => {
    const before = process.cpuUsage();
    work();
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1000;
  };
  return Math.min(...Array.from({ length: 5 }, once));
}

test("hostile text costs time in proportion to its length", () => {
  const growth = 16;
  for (const unit of ["a:", "psk=", "=", '"', "psk='", "a", " ", ".-", 'psk="\\'] as const) {
    const long = unit.repeat(50_000);
    const short = unit.repeat(50_000 / growth);
    const shortMs = leastMs(() => redactText(short));
    // Cost of any pass over the text, where redaction looks at almost nothing of it.
    const passMs = leastMs(() => JSON.stringify(long));
    const longMs = leastMs(() => redactText(long));
    const mostMs = 4 * (growth * shortMs + passMs);
    assert.ok(longMs < mostMs, `${JSON.stringify(unit)}: ${longMs} ms, ${growth} times shorter ${shortMs} ms`);
  }
});
