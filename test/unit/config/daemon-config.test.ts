import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import fc from "fast-check";
import { DaemonError } from "../../../src/base/errors.ts";
import { parseArguments } from "../../../src/config/arguments.ts";
import { type DaemonConfig, readDaemonConfig } from "../../../src/config/daemon-config.ts";
import { defaultHandlerFolders } from "../../../src/helper/helper-arguments.ts";
import { fuzzRuns } from "../../harness/fuzz-runs.ts";
import { temporaryFolder } from "../../harness/temporary-folder.ts";

const defaults: DaemonConfig = {
  busAddress: "unix:path=/run/dbus/system_bus_socket",
  stateDir: "/var/lib/fairlead",
  runDir: "/run/fairlead",
  blockedLinks: [],
  allowedLinks: undefined,
  logLevel: "info",
  logScopes: [],
  foreignConfiguration: "adopt",
  carrierGraceMs: 5_000,
  wantsRapidCommit: true,
  technologyOrder: ["vpn", "ethernet", "wifi", "cellular"],
  uciConfig: undefined,
  handlerFolders: defaultHandlerFolders,
  portalHttpUrl: "http://connectivitycheck.gstatic.com/generate_204",
  portalHttpsUrl: "https://www.google.com/generate_204",
  resolver: "auto",
  wifiBackend: "auto",
  isForeground: false,
};

function read(argv: readonly string[], environment: Record<string, string> = {}): DaemonConfig {
  const line = parseArguments(argv);
  if (line.kind !== "run") throw new Error("not a run");
  return readDaemonConfig(line, environment);
}

function fileWith(t: TestContext, content: string | Uint8Array): string {
  const file = join(temporaryFolder(t), "fairlead.toml");
  fs.writeFileSync(file, content);
  return file;
}

function refuses(call: () => unknown, message: RegExp): void {
  assert.throws(call, (error) => {
    assert.ok(error instanceof DaemonError && error.code === "InvalidArguments", String(error));
    assert.match(error.message, message);
    assert.ok(!/[\p{Cc}]/u.test(error.message), "one line");
    return true;
  });
}

test("an empty file gives the defaults, frozen", (t) => {
  const config = read(["--config", fileWith(t, "")]);
  assert.deepEqual(config, defaults);
  assert.ok(Object.isFrozen(config) && Object.isFrozen(config.blockedLinks) && Object.isFrozen(config.technologyOrder));
});

test("every setting can stand in the file", (t) => {
  const file = fileWith(
    t,
    `# all of them
bus-address = "unix:abstract=test"
state-dir = "/s"
run-dir = "/r"
block = ["eth0", "usb0"]
allow = []
log-level = "warn"
log-scopes = ["wifi", "network/dhcp4"]
take-over = true
carrier-grace = 2.5
no-rapid-commit = true
default-technology-order = ["wifi"]
portal-http-url = "http://p.test/"
portal-https-url = "https://p.test/"
uci-config = "/etc/network.uci"
handlers = ["/h"]
resolver = "file"
wifi.backend = "node-wifi"
foreground = true
`,
  );
  assert.deepEqual(read(["--config", file]), {
    busAddress: "unix:abstract=test",
    stateDir: "/s",
    runDir: "/r",
    blockedLinks: ["eth0", "usb0"],
    allowedLinks: [],
    logLevel: "warn",
    logScopes: ["wifi", "network/dhcp4"],
    foreignConfiguration: "take-over",
    carrierGraceMs: 2_500,
    wantsRapidCommit: false,
    technologyOrder: ["wifi"],
    portalHttpUrl: "http://p.test/",
    portalHttpsUrl: "https://p.test/",
    uciConfig: "/etc/network.uci",
    handlerFolders: ["/h"],
    resolver: "file",
    wifiBackend: "node-wifi",
    isForeground: true,
  });
});

test("a setting of a table can be written as one, too", (t) => {
  assert.equal(read(["--config", fileWith(t, '[wifi]\nbackend = "wpa_supplicant"')]).wifiBackend, "wpa_supplicant");
});

test("flags beat the file, one by one", (t) => {
  const file = fileWith(t, 'state-dir = "/file"\nrun-dir = "/file"\nblock = ["eth0"]\ntake-over = true\n');
  const config = read(["--config", file, "--state-dir=/flag", "--block=", "--adopt"]);
  assert.deepEqual(config, { ...defaults, stateDir: "/flag", runDir: "/file" });
});

test("adopt and take-over are two names of one choice", (t) => {
  const choice = (content: string, ...flags: string[]) =>
    read(["--config", fileWith(t, content), ...flags]).foreignConfiguration;
  assert.equal(choice("adopt = false"), "take-over");
  assert.equal(choice("take-over = false"), "adopt");
  assert.equal(choice("adopt = true\ntake-over = false"), "adopt");
  assert.equal(choice("adopt = true", "--take-over"), "take-over");
  refuses(() => choice("adopt = true\ntake-over = true"), /fairlead\.toml: adopt and take-over contradict each other$/);
  refuses(() => choice("", "--adopt", "--take-over"), /^--adopt and --take-over contradict each other$/);
});

test("the environment names the bus when nothing else does, and is checked as well", (t) => {
  const file = fileWith(t, "");
  const environment = { DBUS_SYSTEM_BUS_ADDRESS: "unix:path=/env" };
  assert.equal(read(["--config", file], environment).busAddress, "unix:path=/env");
  assert.equal(read(["--config", file, "--bus-address=unix:path=/flag"], environment).busAddress, "unix:path=/flag");
  assert.equal(read(["--config", file], { DBUS_SYSTEM_BUS_ADDRESS: "" }).busAddress, defaults.busAddress);
  refuses(
    () => read(["--config", file], { DBUS_SYSTEM_BUS_ADDRESS: "x" }),
    /^DBUS_SYSTEM_BUS_ADDRESS: must be a D-Bus/,
  );
});

test("a file that was asked for must exist", (t) => {
  const missing = join(temporaryFolder(t), "missing.toml");
  refuses(() => read(["--config", missing]), /^--config: .*missing\.toml does not exist$/);
});

/** file | the one line of the complaint after the file's name */
const refused: readonly (readonly [string, RegExp])[] = [
  ['\n\nstate_dir = "/x"', /:3: unknown key "state_dir"$/],
  ['state-dir = "/x"\n  "stat-dir" = 1', /:2: unknown key "stat-dir"$/],
  ["[network]\nx = 1", /:1: unknown key "network"$/],
  ["foreground = true\n\n[[ link ]]\nx = 1", /:3: unknown key "link"$/],
  ["a.b = 1", /:1: unknown key "a"$/],
  ["config = '/x'", /:1: unknown key "config"$/],
  ["help = true", /:1: unknown key "help"$/],
  ["__proto__ = 1", /__proto__/],
  ["constructor = 1", /:1: unknown key "constructor"$/],
  ["toString = 1", /:1: unknown key "toString"$/],
  ['\nstate-dir = "relative"', /:2: state-dir: must be an absolute path \("relative"\)$/],
  ["state-dir = 7", /:1: state-dir: must be text$/],
  ['block = "eth0"', /:1: block: must be a list \("eth0"\)$/],
  ['block = ["eth0", "a b"]', /:1: block: item 2 \("a b"\): a link's name/],
  ["block = [1]", /:1: block: item 1: must be text$/],
  ["block = [[]]", /:1: block: item 1: must be text$/],
  ['carrier-grace = "5"', /:1: carrier-grace: must be a number of seconds from 0 to 600/],
  ["carrier-grace = nan", /:1: carrier-grace: must be a number/],
  ["carrier-grace = -1", /:1: carrier-grace: must be a number/],
  ['foreground = "yes"', /:1: foreground: must be true or false/],
  ["log-level = 2026-01-01", /:1: log-level: must be one of/],
  ['\nwifi.backend = "iwd"', /:2: wifi\.backend: must be one of auto, wpa_supplicant, node-wifi \("iwd"\)$/],
  ["\n[wifi]\nband = 5", /:2: unknown key "wifi\.band"$/],
  ["\nwifi = 1", /:2: unknown key "wifi"$/],
  ["x = 1\nx = 2", /:2:\d+: Invalid TOML document: /],
  ["foreground = true\nforeground", /:2:\d+: Invalid TOML document: /],
  ['state-dir = "', /:1:\d+: Invalid TOML document: /],
  ["\u0000", /: /],
  [`a = ${"[".repeat(100_000)}`, /: /],
  [`${"a.".repeat(100_000)}b = 1`, /: /],
];

for (const [content, message] of refused) {
  test(`the file ${JSON.stringify(content.slice(0, 50))} is refused by name and line`, (t) => {
    const file = fileWith(t, content);
    const prefix = file.replaceAll(".", "\\.");
    refuses(() => read(["--config", file]), new RegExp(`^${prefix}[^]*${message.source}`));
  });
}

test("a path that is no text file of a reasonable size is refused", (t) => {
  const folder = temporaryFolder(t);
  refuses(() => read(["--config", folder]), /: cannot be read: not a regular file$/);
  refuses(() => read(["--config", "/dev/zero"]), /: cannot be read: not a regular file$/);
  const pipe = join(folder, "pipe");
  execFileSync("mkfifo", [pipe]);
  refuses(() => read(["--config", pipe]), /: cannot be read: not a regular file$/);
  refuses(() => read(["--config", fileWith(t, "#".repeat(1024 * 1024 + 1))]), /: larger than 1048576 bytes$/);
  assert.deepEqual(read(["--config", fileWith(t, "#".repeat(1024 * 1024))]), defaults);
  refuses(() => read(["--config", fileWith(t, Buffer.from([0x61, 0xff]))]), /: not UTF-8 text$/);
  refuses(() => read(["--config", join(folder, "x", "y".repeat(300))]), /: (cannot be read|.* does not exist)/);
});

test("for any content of the file the answer is a configuration or one clear line", (t) => {
  const file = fileWith(t, "");
  const words = fc.constantFrom(
    "state-dir",
    "block",
    "adopt",
    "=",
    "[",
    "]",
    '"',
    "'''",
    ".",
    "\n",
    "true",
    "1",
    "{",
    "}",
    ",",
  );
  const content = fc.oneof(
    fc.string(),
    fc.array(words).map((parts) => parts.join(" ")),
  );
  fc.assert(
    fc.property(content, (text) => {
      fs.writeFileSync(file, text);
      try {
        read(["--config", file]);
      } catch (error) {
        assert.ok(error instanceof DaemonError && error.code === "InvalidArguments", String(error));
        assert.ok(!/[\p{Cc}]/u.test(error.message));
      }
    }),
    { numRuns: fuzzRuns },
  );
});
