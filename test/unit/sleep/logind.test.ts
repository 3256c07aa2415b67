import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { silentLog } from "../../../src/base/log.ts";
import { LogindSleep, readinessMs, retryMs } from "../../../src/sleep/logind.ts";
import { FakeBus } from "../../fakes/fake-bus.ts";
import { FakeClock } from "../../fakes/fake-clock.ts";

/** A sleeper whose readiness the test decides, and a logind that is only a name and a signal. */
async function world(t: TestContext) {
  const clock = new FakeClock();
  const bus = new FakeBus(clock);
  const [daemon, logind] = [bus.port(0), bus.port(0)];
  for (const port of [daemon, logind]) await port.connect();
  const story: string[] = [];
  const open = new Set<number>();
  let ready = () => {};
  let refusal: Error | undefined;
  let last = 100;
  const sleep = new LogindSleep({
    bus: daemon,
    clock,
    log: silentLog,
    sleeper: {
      suspend: () => {
        story.push("suspend");
        return new Promise<void>((resolve) => {
          ready = resolve;
        });
      },
      resume: (because) => story.push(`resume: ${because}`),
    },
    callForDescriptor: async () => {
      if (refusal) throw refusal;
      open.add(++last);
      return last;
    },
    closeDescriptor: (descriptor) => assert.ok(open.delete(descriptor), "closed once"),
  });
  sleep.start();
  const say = async (isSleeping: boolean) => {
    const [path, of] = ["/org/freedesktop/login1", "org.freedesktop.login1.Manager"];
    logind.emit(path, of, "PrepareForSleep", "b", [isSleeping]);
    await clock.settle();
  };
  const settle = () => clock.settle();
  const appear = async () => {
    await logind.requestName("org.freedesktop.login1");
    await clock.settle();
  };
  const vanish = async () => {
    await logind.releaseName("org.freedesktop.login1");
    await clock.settle();
  };
  t.after(async () => {
    sleep.stop();
    assert.deepEqual([open.size, clock.pendingTimers()], [0, []], "nothing is left open");
    for (const port of [daemon, logind]) await port.close();
  });
  const refuse = (error: Error | undefined) => {
    refusal = error;
  };
  return { clock, story, open, sleep, say, appear, vanish, settle, refuse, ready: () => ready() };
}

test("an inhibitor is held while awake, released when all are ready, and taken again after the sleep", async (t) => {
  const { story, open, sleep, say, appear, ready, settle } = await world(t);
  assert.equal(open.size, 0);
  await appear();
  assert.equal(open.size, 1);
  await say(true);
  assert.deepEqual([story, open.size], [["suspend"], 1]);
  ready();
  await settle();
  assert.deepEqual([open.size, sleep.state.phase], [0, "ready"]);
  await say(false);
  await settle();
  assert.deepEqual(story, ["suspend", "resume: awake"]);
  assert.deepEqual([[...open], sleep.state.phase], [[102], "awake"]);
});

test("a sleeper that is not ready in time is not waited for", async (t) => {
  const { clock, open, sleep, say, appear } = await world(t);
  await appear();
  await say(true);
  await clock.advanceSettled(readinessMs - 1);
  assert.equal(open.size, 1);
  await clock.advanceSettled(1);
  assert.deepEqual([open.size, sleep.state.phase], [0, "ready"]);
});

test("awake before ready: resumed when ready, once", async (t) => {
  const { story, say, appear, ready, settle } = await world(t);
  await appear();
  await say(true);
  await say(false);
  assert.deepEqual(story, ["suspend"]);
  ready();
  await settle();
  await say(false);
  assert.deepEqual(story, ["suspend", "resume: awake"]);
});

test("asleep again before ready: one readiness serves both", async (t) => {
  const { story, sleep, say, appear, ready, settle } = await world(t);
  await appear();
  for (const isSleeping of [true, false, true]) await say(isSleeping);
  ready();
  await settle();
  assert.deepEqual([story, sleep.state.phase], [["suspend"], "ready"]);
});

test("a logind that goes away in the middle of a sleep means awake, and one that comes back is asked anew", async (t) => {
  const { story, open, say, appear, vanish, ready, settle } = await world(t);
  await appear();
  await say(true);
  ready();
  await settle();
  await vanish();
  assert.deepEqual([story, open.size], [["suspend", "resume: logind went away"], 0]);
  await appear();
  assert.equal(open.size, 1);
});

test("a logind that gives no inhibitor is asked again now and then, for as long as it is there", async (t) => {
  const { clock, open, appear, vanish, refuse } = await world(t);
  refuse(new Error("polkit is still starting"));
  await appear();
  await clock.advanceSettled(retryMs);
  assert.equal(open.size, 0);
  refuse(undefined);
  await clock.advanceSettled(retryMs - 1);
  assert.equal(open.size, 0);
  await clock.advanceSettled(1);
  assert.equal(open.size, 1);
  await clock.advanceSettled(retryMs);
  assert.equal(open.size, 1, "one is enough");
  await vanish();
  refuse(new Error("no"));
  await appear();
  await vanish();
  assert.deepEqual(clock.pendingTimers(), [], "nobody is there to be asked");
});

test("a refused inhibitor is asked for again after the sleep that refused it", async (t) => {
  const { open, say, appear, refuse, ready, settle } = await world(t);
  refuse(new Error("in progress"));
  await appear();
  await say(true);
  ready();
  await settle();
  refuse(undefined);
  await say(false);
  await settle();
  assert.equal(open.size, 1);
});
