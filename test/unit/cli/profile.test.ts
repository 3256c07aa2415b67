import assert from "node:assert/strict";
import { test } from "node:test";
import { scene } from "./daemon-scene.ts";

test("a stack without a Profile is told of", async (t) => {
  const { run, json } = await scene(t);
  await run("profile", "pop");
  assert.equal((await run("profile")).out, "No Profile is on the stack: nothing is stored.\n");
  assert.deepEqual(await json("profiles"), { profiles: [] });
});
