import assert from "node:assert/strict";
import { test } from "node:test";
import { DaemonError } from "../../../src/base/errors.ts";
import { parseArguments } from "../../../src/config/arguments.ts";

const flagsOf = (...argv: string[]): unknown => {
  const line = parseArguments(argv);
  assert.equal(line.kind, "run");
  return line.kind === "run" ? line.flags : undefined;
};

test("no arguments are no settings", () => {
  assert.deepEqual(parseArguments([]), { kind: "run", flags: {}, configFile: undefined });
});

test("every flag of the contract is understood, with a space and with an equals sign", () => {
  const argv = [
    "--bus-address=unix:path=/tmp/bus,guid=00",
    "--state-dir",
    "/s",
    "--run-dir=/r",
    "--config=/c.toml",
    "--block",
    "eth0,veth-x",
    "--allow=eth1",
    "--log-level=debug",
    "--log-scopes=wifi+dhcp4",
    "--take-over",
    "--carrier-grace=0",
    "--no-rapid-commit",
    "--default-technology-order",
    "wifi,ethernet",
    "--portal-http-url=http://portal.test/204",
    "--portal-https-url=https://portal.test/204",
    "--resolver=resolved",
    "--foreground",
  ];
  assert.deepEqual(parseArguments(argv), {
    kind: "run",
    flags: {
      "bus-address": "unix:path=/tmp/bus,guid=00",
      "state-dir": "/s",
      "run-dir": "/r",
      block: ["eth0", "veth-x"],
      allow: ["eth1"],
      "log-level": "debug",
      "log-scopes": ["wifi", "dhcp4"],
      "take-over": true,
      "carrier-grace": 0,
      "no-rapid-commit": true,
      "default-technology-order": ["wifi", "ethernet"],
      "portal-http-url": "http://portal.test/204",
      "portal-https-url": "https://portal.test/204",
      resolver: "resolved",
      foreground: true,
    },
    configFile: "/c.toml",
  });
});

test("relative paths are those of where the daemon is started", () => {
  assert.deepEqual(flagsOf("--state-dir", "s", "--run-dir", "./r/.."), {
    "state-dir": `${process.cwd()}/s`,
    "run-dir": process.cwd(),
  });
  const line = parseArguments(["--config", "x.toml"]);
  assert.equal(line.kind === "run" && line.configFile, `${process.cwd()}/x.toml`);
});

test("an empty list is a list without items", () => {
  assert.deepEqual(flagsOf("--block=", "--default-technology-order", "", "--log-scopes="), {
    block: [],
    "default-technology-order": [],
    "log-scopes": [],
  });
});

test("help fits a terminal and names every flag", () => {
  const line = parseArguments(["--foreground", "--help"]);
  assert.equal(line.kind, "help");
  const text = line.kind === "help" ? line.text : "";
  const flags = ["bus-address", "state-dir", "run-dir", "config", "block", "allow", "log-level", "log-scopes", "adopt"];
  flags.push(
    "take-over",
    "carrier-grace",
    "no-rapid-commit",
    "default-technology-order",
    "portal-http-url",
    "portal-https-url",
    "uci-config",
    "handlers",
    "resolver",
    "foreground",
    "version",
    "help",
  );
  for (const flag of flags) assert.match(text, new RegExp(`^  --${flag}\\b`, "m"));
  for (const row of text.split("\n")) assert.ok(row.length <= 100, row);
  assert.deepEqual(parseArguments(["-h"]).kind, "help");
  assert.deepEqual(parseArguments(["--version"]), { kind: "version" });
});

/** arguments | the one line of the complaint */
const refused: readonly (readonly [readonly string[], RegExp])[] = [
  [["--bogus"], /^unknown option "--bogus"; see fairleadd --help$/],
  [["--bogus=1"], /^unknown option "--bogus"/],
  [["--__proto__=1"], /^unknown option "--__proto__"/],
  [["--toString"], /^unknown option "--toString"/],
  [["-x"], /^unknown option "-x"/],
  [["-hx"], /^unknown option "-x"/],
  [["eth0"], /^unexpected argument "eth0"; see fairleadd --help$/],
  [[""], /^unexpected argument ""/],
  [["-"], /^unexpected argument "-"/],
  [["--", "eth0"], /^unexpected argument "eth0"/],
  [["--state-dir"], /^--state-dir needs a value$/],
  [["--state-dir", "--foreground"], /^--state-dir needs a value$/],
  [["--foreground=yes"], /^--foreground takes no value$/],
  [["--foreground="], /^--foreground takes no value$/],
  [["--no-foreground"], /^unknown option "--no-foreground"/],
  [["--state"], /^unknown option "--state"/],
  [["--state-dir="], /^--state-dir: must be an absolute path \(""\)$/],
  [["--config="], /^--config: needs the path of a file$/],
  [["--state-dir=/a", "--state-dir=/b"], /^--state-dir is given twice$/],
  [["--foreground", "--foreground"], /^--foreground is given twice$/],
  [["--state-dir", `/${"x".repeat(4095)}`], /^--state-dir: must have at most 4095 bytes/],
  [["--state-dir", "/a\0b"], /^--state-dir: must not contain a NUL/],
  [["--block", "eth0,"], /^--block: item 2 \(""\): a link's name/],
  [["--block", "eth0, eth1"], /^--block: item 2 \(" eth1"\)/],
  [["--block", "a/b"], /^--block: item 1/],
  [["--block", "eth0:1"], /^--block: item 1/],
  [["--block", ".."], /^--block: item 1/],
  [["--block", "abcdefghijklmnop"], /^--block: item 1/],
  [["--block", "ééééé ééé"], /^--block: item 1/],
  [["--allow", "eth0,eth0"], /^--allow: must not name anything twice/],
  [["--allow", Array.from({ length: 1025 }, (_, at) => `e${at}`).join()], /^--allow: must have at most 1024 items/],
  [["--log-level", "DEBUG"], /^--log-level: must be one of error, warn, info, debug \("DEBUG"\)$/],
  [["--log-scopes", "a++b"], /^--log-scopes: item 2/],
  [["--log-scopes", "WIFI"], /^--log-scopes: item 1/],
  [["--default-technology-order", "wifi,wlan"], /^--default-technology-order: must be of ethernet, .*guest_interface$/],
  [["--default-technology-order", "wifi,wifi"], /^--default-technology-order: must not name anything twice$/],
  [["--default-technology-order", "unknown"], /^--default-technology-order: must be of/],
  [["--carrier-grace", "soon"], /^--carrier-grace: must be a number of seconds from 0 to 600 \("soon"\)$/],
  [["--carrier-grace", ""], /^--carrier-grace: must be a number of seconds/],
  [["--carrier-grace", "601"], /^--carrier-grace: must be a number of seconds/],
  [["--carrier-grace", "1e3"], /^--carrier-grace: must be a number of seconds/],
  [["--portal-http-url", "https://x.test/"], /^--portal-http-url: must be a URL that begins with http:\/\//],
  [["--portal-http-url", "http://"], /^--portal-http-url: must be a URL/],
  [["--portal-http-url", "http://u:p@x.test/"], /^--portal-http-url: must be a URL .* has no user name/],
  [["--portal-https-url", `https://x.test/${"x".repeat(2048)}`], /^--portal-https-url: must have at most 2048/],
  [["--bus-address", "bogus"], /^--bus-address: must be a D-Bus address such as .* \("bogus"\)$/],
  [["--bus-address", "tcp:host=x,port=1"], /^--bus-address: must be a D-Bus address/],
  [["--bus-address", ""], /^--bus-address: must be a D-Bus address/],
  [["--log-level", "a\n\u001b[31mb\u2028c"], /^--log-level: must be one of [^\n]*$/],
  [["--bo\ngus\u001b"], /^unknown option "--bo\\ngus\\u001b"/],
];

for (const [argv, message] of refused) {
  test(`${JSON.stringify(argv).slice(0, 80)} is refused in one line`, () => {
    assert.throws(
      () => parseArguments(argv),
      (error) => {
        assert.ok(error instanceof DaemonError && error.code === "InvalidArguments");
        assert.match(error.message, message);
        assert.ok(!/[\p{Cc}\u2028]/u.test(error.message));
        assert.ok(error.message.length <= 500);
        return true;
      },
    );
  });
}
