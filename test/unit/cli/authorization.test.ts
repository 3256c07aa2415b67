import assert from "node:assert/strict";
import { test } from "node:test";
import { DaemonError } from "../../../src/base/errors.ts";
import { FakeDaemon } from "./fake-daemon.ts";

/** Connecting eth1 takes until the test settles it. */
async function asking(t: Parameters<typeof FakeDaemon.start>[0], ...options: string[]) {
  const daemon = await FakeDaemon.start(t);
  let settle: (error?: Error) => void = () => {};
  const decided = new Promise<undefined>((resolve, reject) => {
    settle = (error) => (error ? reject(error) : resolve(undefined));
  });
  daemon.answers.set("/service/1 Connect", () => decided);
  const running = daemon.start(["connect", "eth1", ...options]);
  await daemon.clock.settle();
  return { daemon, running, settle };
}

test("a person who is asked for a password may take as long as polkit allows; the wait is told", async (t) => {
  const { daemon, running, settle } = await asking(t);
  await daemon.clock.advanceSettled(2_999);
  assert.equal(running.err, "");
  await daemon.clock.advanceSettled(1);
  assert.equal(running.err, "fairlead: waiting for authorization: somebody may be asked for a password\n");
  await daemon.clock.advanceSettled(300_000);
  settle();
  assert.equal((await running.ended).code, 0);
});

test("a late refusal is told as ever, and JSON stays JSON", async (t) => {
  const { daemon, running, settle } = await asking(t, "--json");
  await daemon.clock.advanceSettled(10_000);
  settle(new DaemonError("PermissionDenied", "not authorized"));
  const { code, err } = await running.ended;
  assert.equal(code, 1);
  assert.match(JSON.parse(err).error.name, /PermissionDenied/);
});
