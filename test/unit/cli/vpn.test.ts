import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { temporaryFolder } from "../../harness/temporary-folder.ts";
import { FakeDaemon } from "./fake-daemon.ts";

const key = (letter: string): string => `${letter.repeat(42)}A=`;

test("a file with a command is refused with its line before the daemon is asked, and no key is repeated", async (t) => {
  const daemon = await FakeDaemon.start(t);
  const file = join(temporaryFolder(t), "work.conf");
  writeFileSync(file, `[Interface]\nPrivateKey = ${key("a")}\nPostUp = reboot\n[Peer]\nPublicKey = ${key("b")}\n`);
  const { code, out, err } = await daemon.run("vpn", "import", file);
  assert.equal(code, 1);
  assert.match(err, /work\.conf: line 3: PostUp runs a command/);
  assert.ok(!`${out}${err}`.includes(key("a")));
  assert.deepEqual(daemon.calls, []);
});

test("vpn list says how to get one where there is none", async (t) => {
  const daemon = await FakeDaemon.start(t);
  assert.match((await daemon.run("vpn", "list")).out, /There is no VPN\..*vpn import/);
  assert.deepEqual(await daemon.json("vpn", "list"), { vpns: [] });
});

test("an unknown word of vpn is a usage error", async (t) => {
  const daemon = await FakeDaemon.start(t);
  for (const words of [
    ["vpn", "import"],
    ["vpn", "list", "x"],
    ["vpn", "drop", "x"],
    ["vpn", "import", "/nowhere.conf"],
  ]) {
    assert.equal((await daemon.run(...words)).code, 2, words.join(" "));
  }
});
