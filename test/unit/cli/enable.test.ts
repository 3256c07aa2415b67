import assert from "node:assert/strict";
import { test } from "node:test";
import { scene } from "./daemon-scene.ts";

const cable = { technologies: ["ethernet"], enabled: false };

test("disable sets the links of a technology down until it is enabled again; status tells the command for that", async (t) => {
  const { it, run, json } = await scene(t);
  assert.deepEqual(await run("disable", "ethernet"), { code: 0, out: "ethernet is disabled.\n", err: "" });
  assert.equal(it.device("eth0").isEnabled, false);
  assert.match((await run("status")).out, /eth0 is disabled\. Enable it: fairlead enable ethernet/);
  assert.deepEqual(await json("enable", "ethernet"), { ...cable, enabled: true });
  assert.equal(it.device("eth0").isEnabled, true);
});

test("all is each technology that has a link, and there may be none", async (t) => {
  const { it, run, json } = await scene(t);
  assert.deepEqual(await json("disable", "all"), cable);
  assert.equal(it.device("eth0").isEnabled, false);
  assert.match((await run("__complete", "fairlead enable ")).out, /^ethernet\nall\n$/);
  it.kernel.removeHardware("eth0");
  await it.settle();
  const { code, err } = await run("enable", "all");
  assert.equal(code, 1);
  assert.match(err, /no technology has a link here/);
});

test("a disabled link tells how to enable it, in the refusal to connect it and in why", async (t) => {
  const { run } = await scene(t);
  await run("disable", "ethernet");
  assert.match(
    (await run("connect", "eth0")).err,
    /^fairlead: eth0 is disabled\nenable it: fairlead enable ethernet$/m,
  );
  assert.match((await run("why", "eth0")).out, /^It is disabled\. Enable it: fairlead enable ethernet$/m);
});

test("an unknown technology is refused by its daemon, and none is a mistake of usage", async (t) => {
  const { run } = await scene(t);
  const { code, err } = await run("disable", "pigeon");
  assert.equal(code, 1);
  assert.match(err, /InvalidArguments: Unknown technology ".*"\nhere: ethernet, all$/m);
  assert.equal((await run("disable")).code, 2);
});
