import assert from "node:assert/strict";
import { test } from "node:test";
import { WaitingCalls } from "../../../../src/bus/guard/waiting-calls.ts";

/** `:1000.7` is a connection of user 1000. */
const uidOf = (sender: string): number => Number(/^:(\d+)/.exec(sender)?.[1]);

function makeCalls({ isBusGone = false } = {}) {
  const calls = new WaitingCalls({ perConnection: 3, perUser: 5 }, async (sender) => {
    if (isBusGone) throw new Error("the bus is gone");
    return { uid: uidOf(sender), gids: undefined };
  });
  const begin = (sender: string) => {
    calls.check(sender);
    return calls.begin(sender);
  };
  return { calls, begin, told: () => new Promise(setImmediate) };
}

test("more connections do not give a user more calls that wait, and take none from another user", async () => {
  const { calls, begin, told } = makeCalls();
  const ends = [":1000.1", ":1000.2", ":1000.3"].map(begin);
  const other = begin(":1001.1");
  await told();
  ends.push(begin(":1000.1"), begin(":1000.2"));
  for (const sender of [":1000.1", ":1000.2", ":1000.3"]) {
    assert.throws(() => begin(sender), /^BusError: 5 calls of this user wait/);
  }
  ends.push(begin(":1001.1"), other);
  ends.shift()?.();
  ends.push(begin(":1000.3"));
  assert.throws(() => begin(":1000.2"), /of this user/);
  for (const end of ends) end();
  assert.equal(calls.total, 0);
});

test("root is bound by connection only, as is a client whose user the bus does not tell", async () => {
  for (const [isBusGone, uid] of [
    [false, 0],
    [true, 1000],
  ] as const) {
    const { begin, told } = makeCalls({ isBusGone });
    for (const connection of [1, 2, 3]) {
      const sender = `:${uid}.${connection}`;
      begin(sender);
      await told();
      begin(sender);
      begin(sender);
      assert.throws(() => begin(sender), /3 calls of this connection/);
    }
  }
});
