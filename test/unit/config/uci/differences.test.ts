import assert from "node:assert/strict";
import { test } from "node:test";
import { differences } from "../../../../src/config/uci/differences.ts";
import { readNetworkConfig } from "../../../../src/config/uci/network-config.ts";

const lan = (...options: string[]) =>
  ["config interface lan", " option proto static", " option device br-lan", ...options].join("\n");
const bridge = (...options: string[]) => ["config device", " option name br-lan", ...options].join("\n");

function changes(before: string, after: string): string[] {
  const found = differences(readNetworkConfig(before), readNetworkConfig(after));
  return found.map(({ kind, name, action, options }) => [kind, name, action, ...options].join(" "));
}

/** Text before, text after, the changes of a reload. */
const rows: readonly (readonly [string, string, string, readonly string[]])[] = [
  ["the same text", lan(" option metric 5"), lan(" option metric 5"), []],
  ["the same, in other words", lan(" option metric 5"), lan(' option "metric" 0x5 # five'), []],
  ["a metric", lan(), lan(" option metric 5"), ["interface lan change live metric"]],
  ["name servers", lan(" list dns 192.0.2.1"), lan(" list dns 192.0.2.2"), ["interface lan change live dns"]],
  ["an address", lan(" option ipaddr 1.2.3.4"), lan(" option ipaddr 1.2.3.5"), ["interface lan rebuild ipaddr"]],
  [
    "a metric and an address",
    lan(),
    lan(" option metric 1", " option ipaddr 1.2.3.4"),
    ["interface lan rebuild metric ipaddr"],
  ],
  ["auto switched on", lan(" option auto 0"), lan(" option auto 1"), ["interface lan start auto"]],
  ["auto switched off", lan(), lan(" option auto 0"), ["interface lan rebuild auto"]],
  ["a section comes", "", lan(), ["interface lan add"]],
  ["a section goes", lan(), "", ["interface lan remove"]],
  ["a section is disabled", lan(), lan(" option disabled 1"), ["interface lan remove"]],
  [
    "a route",
    lan(),
    `${lan()}\nconfig route\n option interface lan\n option target 198.51.100.0/24`,
    ["interface lan change live routes"],
  ],
  [
    "a port",
    bridge(" option type bridge", " list ports a"),
    bridge(" option type bridge", " list ports a", " list ports b"),
    ["device br-lan change ports ports"],
  ],
  [
    "an MTU of a link",
    bridge(" option type bridge"),
    bridge(" option type bridge", " option mtu 1400"),
    ["device br-lan rebuild mtu"],
  ],
  [
    "a queue length",
    bridge(" option txqueuelen 500"),
    bridge(" option txqueuelen 600"),
    ["device br-lan change live txqueuelen"],
  ],
];
for (const [what, before, after, expected] of rows) {
  test(`a reload touches what changed and nothing else: ${what}`, () =>
    assert.deepEqual(changes(before, after), expected));
}
