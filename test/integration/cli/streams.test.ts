import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { addLan, commandLine, output, startDaemon } from "./support.ts";

const quote = (word: string): string => `'${word}'`;
const shell = (command: string) => spawnSync("bash", ["-c", command], { encoding: "utf8" });
const program = commandLine().map(quote).join(" ");

test("a full disk behind the output is told, and ends with 1", () => {
  const { status, stderr } = shell(`${program} --help > /dev/full`);
  assert.equal(status, 1);
  assert.match(stderr, /^fairlead: cannot write: .*ENOSPC/);
});

test("a reader that went away is no error", () => {
  const { status, stderr } = shell(`set -o pipefail; ${program} --help | true`);
  assert.deepEqual({ status, stderr }, { status: 0, stderr: "" });
});

test("with closed streams it still ends by itself", () => {
  assert.equal(shell(`${program} --version >&- 2>&- <&-`).signal, null);
});

test("a value comes from standard input without its line end, and one that is too long is refused", async (t) => {
  await addLan(t, "eth0", 0);
  const daemon = await startDaemon(t);
  output(daemon, "connect", "eth0", "--wait", "10");
  const set = `${program} --bus-address ${daemon.bus.address} set service:eth0 UIData -`;
  assert.equal(shell(`printf 'two words\\n' | ${set}`).status, 0);
  assert.equal(output(daemon, "get", "eth0", "UIData"), "two words\n");
  const long = shell(`head -c 300000 /dev/zero | tr '\\0' x | ${set}`);
  assert.equal(long.status, 2);
  assert.match(long.stderr, /^fairlead: standard input is longer than 262144 bytes\n$/);
  assert.equal(output(daemon, "get", "eth0", "UIData"), "two words\n");
});

test("a wrong bus address is one clear line", () => {
  for (const address of ["unix:path=/nowhere", "tcp:host=localhost", "nonsense", ""]) {
    const { status, stderr } = shell(`${program} status --bus-address ${quote(address)}`);
    assert.equal(status, 3);
    assert.match(stderr, /^fairlead: [^\n]+\n$/);
  }
});
