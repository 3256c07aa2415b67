import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { silentLog } from "../../../src/base/log.ts";
import { PolkitAuthority } from "../../../src/polkit/authority.ts";
import { FakeBus } from "../../fakes/fake-bus.ts";
import { FakeClock } from "../../fakes/fake-clock.ts";
import { FakePolkit } from "../../fakes/fake-polkit.ts";

async function world(t: TestContext) {
  const clock = new FakeClock();
  const bus = new FakeBus(clock);
  const [daemon, client] = [bus.port(0), bus.port(1000)];
  const polkit = new FakePolkit(bus.port(0));
  await polkit.start();
  for (const port of [daemon, client]) await port.connect();
  t.after(async () => {
    for (const port of [daemon, client, polkit.port]) await port.close();
    assert.deepEqual(clock.pendingTimers(), [], "no timer is left");
  });
  const authority = new PolkitAuthority(daemon, silentLog);
  const check = (action: string, mayInteract = false) =>
    authority.check({ sender: client.uniqueName ?? "", uid: 1000, action, mayInteract });
  return { clock, client, polkit, check };
}

test("a question without an answer ends with no, and is taken back", async (t) => {
  const { clock, polkit, check } = await world(t);
  polkit.answers.set("a.later", "later");
  const verdict = check("a.later");
  await clock.advanceSettled(10_000);
  assert.equal(await verdict, "unavailable");
  await clock.settle();
  assert.deepEqual(polkit.cancelled, ["fairlead-1"]);
});

test("a person has minutes, and a client that leaves meanwhile takes the dialog along", async (t) => {
  const { clock, client, polkit, check } = await world(t);
  polkit.answers.set("a.later", "later");
  const verdict = check("a.later", true);
  await clock.advanceSettled(120_000);
  assert.deepEqual([polkit.flags, polkit.waiting.size], [[1], 1]);
  await client.close();
  assert.equal(await verdict, "unavailable");
  await clock.settle();
  assert.deepEqual(polkit.cancelled, ["fairlead-1"]);
});

test("an answer that makes no sense is a no", async (t) => {
  const { polkit, check } = await world(t);
  polkit.answers.set("a.nonsense", "nonsense");
  assert.equal(await check("a.nonsense"), "unavailable");
});

test("a user's questions are bounded, and another one's go on", async (t) => {
  const { clock, polkit, check } = await world(t);
  polkit.answers.set("a.later", "later").set("a.yes", "yes");
  const flood = Array.from({ length: 50 }, () => check("a.later"));
  await clock.settle();
  assert.equal(polkit.waiting.size, 16);
  assert.equal(await check("a.yes"), "unavailable");
  await clock.advanceSettled(10_000);
  assert.deepEqual(new Set(await Promise.all(flood)), new Set(["unavailable"]));
  assert.equal(await check("a.yes"), "authorized");
});
