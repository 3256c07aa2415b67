import assert from "node:assert/strict";
import { test } from "node:test";
import { rehearseCable } from "../../../src/rehearsal/cable.ts";
import { Service } from "../../../src/services/service.ts";
import { FakeClock } from "../../fakes/fake-clock.ts";

test("the rehearsal plays a cable to the end, and leaves no timer behind", async (t) => {
  const states: string[] = [];
  const advance = Service.prototype.advance;
  t.mock.method(Service.prototype, "advance", function (this: Service, ...args: Parameters<typeof advance>) {
    advance.apply(this, args);
    states.push(this.state);
  });
  const clock = new FakeClock();
  await rehearseCable(clock);
  const walked = states.filter((state, at) => state !== states[at - 1]);
  assert.deepEqual(walked.slice(0, 4), ["configuration", "ready", "idle", "configuration"]);
  assert.deepEqual(clock.pendingTimers(), []);
});
