import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { runProgram } from "../../../src/cli/program.ts";
import { verbs } from "../../../src/cli/verbs.ts";
import { FakeClock } from "../../fakes/fake-clock.ts";
import { FakeDaemon } from "./fake-daemon.ts";

const shown = verbs.filter(({ isHidden }) => !isHidden);
const packageFile = fileURLToPath(new URL("../../../package.json", import.meta.url));

test("without a daemon every verb that needs one ends with 3 and one clear line", async (t) => {
  const daemon = await FakeDaemon.start(t);
  await daemon.vanish();
  for (const args of [
    ["status"],
    ["connect", "eth0"],
    ["get", "eth0"],
    ["set", "eth0", "Priority", "1"],
    ["monitor"],
    ["dump"],
  ]) {
    const { code, out, err } = await daemon.run(...args);
    assert.deepEqual(
      { code, out, err },
      { code: 3, out: "", err: "fairlead: the daemon is not running (fairleadd)\n" },
    );
  }
});

test("without a message bus it ends with 3 and says which", async () => {
  const err: string[] = [];
  const addresses: string[] = [];
  const around = {
    env: { DBUS_SYSTEM_BUS_ADDRESS: "unix:path=/from/env" } as Record<string, string>,
    stdout: { write: () => {}, columns: undefined },
    stderr: { write: (text: string) => err.push(text), columns: undefined },
    clock: new FakeClock(),
    version: "0",
    connect: async (address: string) => {
      addresses.push(address);
      throw new Error(`cannot connect to the message bus: ${address}: ENOENT`);
    },
    onInterrupt: () => () => {},
    readInput: async () => "",
    readSecret: async () => "",
  };
  assert.equal(await runProgram(["status"], around), 3);
  assert.equal(err[0], "fairlead: cannot connect to the message bus: unix:path=/from/env: ENOENT\n");
  await runProgram(["--bus-address", "unix:path=/a", "status"], around);
  await runProgram(["status", "--bus-address=unix:path=/b"], around);
  around.env = {};
  await runProgram(["status"], around);
  assert.deepEqual(addresses, [
    "unix:path=/from/env",
    "unix:path=/a",
    "unix:path=/b",
    "unix:path=/var/run/dbus/system_bus_socket",
  ]);
});

test("an error of the daemon is told with its name, and ends with 1", async (t) => {
  const daemon = await FakeDaemon.start(t);
  const { code, out, err } = await daemon.run("set", "eth0", "Nonsense", "1");
  assert.equal(code, 1);
  assert.equal(out, "");
  assert.equal(err, "fairlead: org.chromium.flimflam.Error.InvalidProperty: Property Nonsense does not exist.\n");
});

test("help as a word is --help", async (t) => {
  const daemon = await FakeDaemon.start(t);
  assert.deepEqual(await daemon.run("help"), await daemon.run("--help"));
  assert.deepEqual(await daemon.run("help", "connect"), await daemon.run("connect", "--help"));
  assert.equal((await daemon.run("help", "conect")).code, 2);
});

test("with --json an error is one JSON line on stderr", async (t) => {
  const daemon = await FakeDaemon.start(t);
  const { code, err } = await daemon.run("--json", "connect", "nothing");
  assert.equal(code, 2);
  assert.deepEqual(JSON.parse(err), {
    error: { exitCode: 2, name: "", message: 'no service is called "nothing"', details: ["see: fairlead services"] },
  });
});

test("wrong usage ends with 2, names the word, and never reaches the daemon", async (t) => {
  const daemon = await FakeDaemon.start(t);
  const cases: readonly (readonly [args: readonly string[], message: RegExp])[] = [
    [["statsu"], /unknown verb "statsu"\ndid you mean: status/],
    [["frobnicate"], /unknown verb "frobnicate"\nsee: fairlead --help/],
    [["status", "--frob"], /unknown option "--frob" for status\nsee: fairlead status --help/],
    [["-x"], /unknown option "-x"/],
    [["status", "extra"], /unexpected "extra"; usage: fairlead status/],
    [["connect"], /too few words; usage: fairlead connect SERVICE\|DEVICE/],
    [["connect", "eth0", "--wait"], /--wait needs a value/],
    [["connect", "eth0", "--wait", "soon"], /--wait takes seconds from 0 to 86400, not "soon"/],
    [["connect", "eth0", "--wait=-1"], /--wait takes seconds/],
    [["status", "--json=yes"], /--json takes no value/],
    [["status", "--json", "--json"], /--json is given twice/],
    [["set", "eth0", "Priority"], /a value is missing/],
    [["set", "eth0", "Priority", "1", "--clear"], /--clear takes no value/],
    [["completion", "tcsh"], /no completion for "tcsh"/],
    [["__proto__"], /unknown verb/],
    [["status", "--__proto__"], /unknown option/],
  ];
  for (const [args, message] of cases) {
    const { code, out, err } = await daemon.run(...args);
    assert.equal(code, 2, args.join(" "));
    assert.equal(out, "");
    assert.match(err, message);
  }
  assert.deepEqual(daemon.calls, []);
});

test("words of the person reach the terminal without what it would obey", async (t) => {
  const daemon = await FakeDaemon.start(t);
  const { err } = await daemon.run(`\x1b[31m${"x".repeat(500)}`);
  assert.equal(err.includes("\x1b"), false);
  assert.ok(err.length < 200);
});

test("no verb prints the help on stderr and ends with 2; --help and -h print it and end with 0", async (t) => {
  const daemon = await FakeDaemon.start(t);
  const bare = await daemon.run();
  assert.equal(bare.code, 2);
  assert.equal(bare.out, "");
  for (const flag of ["--help", "-h"]) {
    const { code, out } = await daemon.run(flag);
    assert.equal(code, 0);
    assert.equal(out, bare.err);
    for (const { name, summary } of shown) assert.ok(out.includes(`  ${name}`) && out.includes(summary.slice(0, 20)));
    for (const line of out.split("\n")) assert.ok(line.length <= 80, line);
  }
  const { code, out } = await daemon.run("connect", "--help");
  assert.equal(code, 0);
  assert.match(out, /^usage: fairlead connect SERVICE\|DEVICE\n[\s\S]*--wait SECONDS/);
});

test("--version is that of the package", async (t) => {
  const daemon = await FakeDaemon.start(t);
  assert.deepEqual(await daemon.run("--version"), { code: 0, out: "fairlead 1.2.3\n", err: "" });
  const { version } = JSON.parse(readFileSync(packageFile, "utf8")) as { version: string };
  assert.match(version, /^\d+\.\d+\.\d+$/);
});

test("options may stand before the verb and anywhere after it", async (t) => {
  const daemon = await FakeDaemon.start(t);
  assert.equal((await daemon.run("--json", "profiles")).out, (await daemon.run("profiles", "--json")).out);
});

test("another program that owns the name is told apart from Fairlead", async (t) => {
  const daemon = await FakeDaemon.start(t, { isFairlead: false });
  for (const verb of ["status", "why", "dump"]) {
    const { code, err } = await daemon.run(verb);
    assert.equal(code, 1);
    assert.match(err, /org\.chromium\.flimflam is owned by another program than fairleadd/);
  }
  assert.equal((await daemon.run("get", "eth0", "Powered")).out, "true\n");
});

test("a daemon that hangs is given up after five seconds", async (t) => {
  const daemon = await FakeDaemon.start(t);
  await daemon.vanish();
  const silent = daemon.bus.port();
  await silent.connect();
  silent.serve(() => {});
  await silent.requestName("org.chromium.flimflam");
  const running = daemon.start(["status"]);
  await daemon.clock.advanceSettled(4_999);
  assert.equal(running.err, "");
  await daemon.clock.advanceSettled(1);
  const { code, err } = await running.ended;
  assert.equal(code, 1);
  assert.match(err, /^fairlead: org\.freedesktop\.DBus\.Error\.NoReply: no reply to .* within 5000 ms\n$/);
});

test("every run closes its connection", async (t) => {
  const daemon = await FakeDaemon.start(t);
  for (const args of [
    ["status"],
    ["connect", "nothing"],
    ["set", "eth0", "Nonsense", "1"],
    ["connect", "eth1", "--wait", "0"],
  ]) {
    await daemon.run(...args);
  }
  assert.deepEqual(
    daemon.clients.map(({ uniqueName }) => uniqueName),
    daemon.clients.map(() => undefined),
  );
  assert.deepEqual(daemon.clock.pendingTimers(), []);
});
