import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { technologyModules } from "../../../src/technologies/modules.ts";
import { temporaryFolder } from "../../harness/temporary-folder.ts";
import { scene } from "./daemon-scene.ts";

const key = `${"a".repeat(42)}A=`;
const tunnel = `[Interface]
PrivateKey = ${key}
Address = 10.9.0.2/24
[Peer]
PublicKey = ${key}
Endpoint = 192.0.2.1:51820
AllowedIPs = 10.9.0.0/24
`;

test("forget deletes a tunnel with its entry and its key", async (t) => {
  const { it, run, json } = await scene(t, { modules: technologyModules });
  const file = join(temporaryFolder(t), "work.conf");
  writeFileSync(file, tunnel);
  assert.equal((await run("vpn", "import", file)).code, 0);
  const stored = () =>
    it.profiles
      .byPath("/profile/default")
      ?.store.entries()
      .filter((entry) => entry.startsWith("vpn"));
  assert.equal(stored()?.length, 1);
  assert.deepEqual(await run("forget", "work"), { code: 0, out: "work is forgotten.\n", err: "" });
  assert.deepEqual(stored(), []);
  assert.deepEqual(await json("vpn"), { vpns: [] });
  assert.equal((await run("forget", "work")).code, 2);
});

test("a cable is not forgotten", async (t) => {
  const { run } = await scene(t);
  const { code, out, err } = await run("forget", "eth0");
  assert.deepEqual({ code, out }, { code: 1, out: "" });
  assert.match(err, /NotImplemented: .* cannot be removed/);
});

test("a name is not given to a second tunnel, to another server", async (t) => {
  const { run, json } = await scene(t, { modules: technologyModules });
  const file = join(temporaryFolder(t), "work.conf");
  writeFileSync(file, tunnel);
  await run("vpn", "import", file);
  assert.equal((await run("vpn", "import", file)).code, 0, "the same anew");
  writeFileSync(file, tunnel.replace("192.0.2.1", "198.51.100.1"));
  const { code, err } = await run("vpn", "import", file);
  assert.equal(code, 2);
  assert.match(err, /a tunnel to "192\.0\.2\.1" is called "work" already\n.*--name NAME\n.*fairlead forget work/);
  assert.equal((await run("vpn", "import", file, "--name", "other")).code, 0);
  const { vpns } = (await json("vpn")) as { vpns: { name: string; server: string }[] };
  assert.deepEqual(vpns.map(({ name, server }) => `${name} ${server}`).toSorted(), [
    "other 198.51.100.1",
    "work 192.0.2.1",
  ]);
});
