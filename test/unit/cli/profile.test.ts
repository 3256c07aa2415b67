import assert from "node:assert/strict";
import { test } from "node:test";
import { scene } from "./daemon-scene.ts";

test("a stack without a Profile is told of", async (t) => {
  const { run, json } = await scene(t);
  const told = "No Profile is on the stack: nothing is stored. The machine's own: fairlead profile push default\n";
  assert.equal((await run("profile", "pop")).out, `default is off the stack.\n${told}`);
  assert.equal((await run("profile")).out, told);
  assert.deepEqual(await json("profiles"), { profiles: [] });
});

test("pushing a name that no Profile has says that it is new, and that it does not last", async (t) => {
  const { run, json } = await scene(t);
  const { code, out } = await run("profile", "push", "typo");
  assert.equal(code, 0);
  assert.match(out, /^typo is new and has no file: its settings are kept in memory/);
  assert.match(
    out.replace(/\s+/g, " "),
    /One that lasts: fairlead profile pop, fairlead profile create typo, and push/,
  );
  assert.deepEqual(await run("profile", "pop"), { code: 0, out: "typo is off the stack.\n", err: "" });
  assert.equal((await run("profile", "create", "home")).code, 0);
  assert.deepEqual(await run("profile", "push", "home"), { code: 0, out: "", err: "" });
  await run("profile", "pop", "home");
  assert.deepEqual(await json("profile", "push", "typo"), { path: "/profile/typo", hasFile: false });
});
