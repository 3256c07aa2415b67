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
