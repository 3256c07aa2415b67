import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { GuardedNmcli, guardedArguments } from "../../../src/supplicant/node-wifi/guarded-nmcli.ts";
import { bssOf } from "../../../src/supplicant/node-wifi/listed-bss.ts";
import { passwordLine } from "../../../src/supplicant/node-wifi/node-wifi-worker.ts";
import { temporaryFolder } from "../../harness/temporary-folder.ts";

test("names of networks are asked for in hexadecimal, which node-wifi can split", () => {
  const fields = "active,ssid,bssid,mode";
  assert.deepEqual(
    guardedArguments(["--terse", "--fields", fields, "device", "wifi", "list", "ifname", "wlan0"], true),
    ["--terse", "--fields", "active,ssid-hex,bssid,mode", ..."device wifi list ifname wlan0 --rescan yes".split(" ")],
  );
  assert.deepEqual(guardedArguments(["--fields", "ssid", "device", "wifi", "list"], false).slice(0, 2), [
    "--fields",
    "ssid-hex",
  ]);
});

test("no password passes as an argument, not even the word undefined, and a link may have any name", () => {
  const connect = ["-w", "10", "device", "wifi", "connect", "02:00:00:00:01:00"];
  for (const secret of ["a long passphrase", undefined, ""]) {
    assert.deepEqual(guardedArguments([...connect, "password", secret, "ifname", "password"], false), [
      ...connect,
      "ifname",
      "password",
    ]);
  }
  assert.deepEqual(guardedArguments(["device", "disconnect", "list"], false), ["device", "disconnect", "list"]);
});

test("a passphrase reaches nmcli's passwd-file as it is", () => {
  const line = (secret: string) => passwordLine(secret).replace("802-11-wireless-security.psk:", "");
  assert.equal(line("simple:=#"), "simple:=#\n");
  assert.equal(line(" a \\ b "), "\\ a\\ \\\\\\ b\\ \n");
  assert.equal(line("tab\there"), "tab\\there\n");
  for (const bad of ["a\nb", "a\rb", "a\0b"]) assert.throws(() => passwordLine(bad), { code: "InvalidPassphrase" });
});

test("a line of nmcli is an access point, or left out", () => {
  const point = {
    ssid: "613a625c63",
    bssid: "02:00:00:00:01:00",
    mode: "Infra",
    frequencyMhz: 2412,
    qualityPercent: 100,
    security: "WPA2 WPA3",
    wpa: [],
    rsn: ["pair_ccmp", "group_ccmp", "psk", "sae"],
  };
  assert.deepEqual(bssOf(point), {
    id: "02:00:00:00:01:00",
    ssid: Buffer.from("a:b\\c"),
    bssid: "02:00:00:00:01:00",
    mode: "infrastructure",
    security: { wpa: [], rsn: ["wpa-psk", "sae"], isPrivate: true },
    signalDbm: -40,
    frequencyMhz: 2412,
  });
  for (const odd of [{ bssid: "--" }, { ssid: "zz" }, { ssid: "61".repeat(33) }]) {
    assert.equal(bssOf({ ...point, ...odd }), undefined);
  }
  assert.equal(bssOf({ ...point, mode: "constructor", qualityPercent: 0 })?.mode, "other");
});

/** A program called nmcli that prints its arguments, and the content of the file after `passwd-file`. */
function fakeNmcli(t: TestContext): void {
  const folder = temporaryFolder(t);
  const script = [
    "#!/bin/sh",
    'echo "$@"',
    'while [ "$1" != passwd-file ]; do shift; done; cat "$2"',
    "exec sleep $WAIT",
  ];
  writeFileSync(join(folder, "nmcli"), `${script.join("\n")}\n`, { mode: 0o755 });
  const before = process.env.PATH;
  process.env.PATH = `${folder}:${before}`;
  t.after(() => {
    process.env.PATH = before;
    delete process.env.WAIT;
  });
}

test("a secret reaches nmcli as a file that can be opened, and no argument", async (t) => {
  fakeNmcli(t);
  process.env.WAIT = "0";
  const printed = await new GuardedNmcli().runWithSecret(["connection", "up"], "psk:a secret\n");
  assert.equal(printed, "connection up passwd-file /dev/stdin\npsk:a secret\n");
});

test("a command that waits for NetworkManager is ended with all its children", async (t) => {
  fakeNmcli(t);
  process.env.WAIT = "1000";
  const nmcli = new GuardedNmcli();
  const running = nmcli.runWithSecret(["connection", "up"], "psk:a secret\n");
  nmcli.stopAll();
  await assert.rejects(running, /SIGTERM/);
});
