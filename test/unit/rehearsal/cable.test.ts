import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";
import { silentLog } from "../../../src/base/log.ts";
import { rehearseCable } from "../../../src/rehearsal/cable.ts";
import { Preparation } from "../../../src/rehearsal/preparation.ts";
import { Service } from "../../../src/services/service.ts";
import { FakeClock } from "../../fakes/fake-clock.ts";
import { FakeKernel } from "../../fakes/fake-kernel.ts";

/** States that Services of the rehearsal walk through. */
function statesOf(t: TestContext): string[] {
  const states: string[] = [];
  const advance = Service.prototype.advance;
  t.mock.method(Service.prototype, "advance", function (this: Service, ...args: Parameters<typeof advance>) {
    advance.apply(this, args);
    states.push(this.state);
  });
  return states;
}

test("the rehearsal plays a cable to the end, and leaves no timer behind", async (t) => {
  const states = statesOf(t);
  const clock = new FakeClock();
  let turns = 0;
  await rehearseCable(clock, () => nextTurn(void turns++));
  assert.ok(turns > 8, "in pieces");
  const walked = states.filter((state, at) => state !== states[at - 1]);
  assert.deepEqual(walked.slice(0, 4), ["configuration", "ready", "idle", "configuration"]);
  assert.deepEqual(clock.pendingTimers(), []);
});

test("a real cable comes first: the rehearsal goes on when its news have been told", async (t) => {
  const states = statesOf(t);
  const [clock, kernel] = [new FakeClock(), new FakeKernel()];
  await kernel.start();
  kernel.addHardware({ name: "eth0", isUp: true });
  const preparation = new Preparation({ clock, rtnl: kernel, log: silentLog, carrierGraceMs: 5_000 });
  const prepared = preparation.start();
  kernel.plug("eth0");
  await clock.advanceSettled(200);
  kernel.unplug("eth0");
  await clock.advanceSettled(200);
  assert.deepEqual(
    [states, clock.pendingTimers().map(({ name }) => name)],
    [[], ["room", "rehearsal goes on", "room"]],
  );
  await clock.advanceSettled(100);
  await prepared;
  assert.ok(states.includes("ready"));
  await clock.advanceSettled(5_000);
  assert.deepEqual(clock.pendingTimers(), []);
});
