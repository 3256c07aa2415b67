import assert from "node:assert/strict";
import { test } from "node:test";
import { BusError, type Call } from "../../../src/bus/bus.ts";
import { SenderUids } from "../../../src/bus/sender-uids.ts";

/** A bus where everybody has the user id 1000, and nobody is refused unless told so. */
function makeWorld() {
  const asked: string[] = [];
  const watched = new Map<string, () => void>();
  let refuses = false;
  const uids = new SenderUids({
    match: ({ arg0 = "" }, onSignal) => {
      watched.set(arg0, onSignal);
      return () => watched.delete(arg0);
    },
    call: async ({ args = [] }: Call) => {
      asked.push(String(args[0]));
      if (refuses) throw new BusError("a.b.Gone", "gone");
      return [1000];
    },
  });
  return { uids, asked, watched, refuse: (value: boolean) => (refuses = value) };
}

test("the bus is asked once for each sender, until the sender leaves", async () => {
  const { uids, asked, watched } = makeWorld();
  const both = await Promise.all([uids.uidOf(":1.1"), uids.uidOf(":1.1"), uids.uidOf(":1.2")]);
  assert.deepEqual(
    [both, asked],
    [
      [1000, 1000, 1000],
      [":1.1", ":1.2"],
    ],
  );
  watched.get(":1.1")?.();
  assert.deepEqual([...watched.keys()], [":1.2"]);
  await uids.uidOf(":1.1");
  assert.deepEqual(asked, [":1.1", ":1.2", ":1.1"]);
});

test("a failure is not remembered and leaves no match behind", async () => {
  const { uids, asked, watched, refuse } = makeWorld();
  refuse(true);
  await assert.rejects(uids.uidOf(":1.1"), { busName: "a.b.Gone" });
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(watched.size, 0);
  refuse(false);
  assert.equal(await uids.uidOf(":1.1"), 1000);
  assert.equal(asked.length, 2);
});

test("a flood of senders does not grow the memory, and a lost connection forgets all", async () => {
  const { uids, watched } = makeWorld();
  for (let at = 0; at < 3000; at++) await uids.uidOf(`:1.${at}`);
  assert.equal(watched.size, 1024);
  assert.ok(watched.has(":1.2999") && !watched.has(":1.0"));
  uids.clear();
  assert.equal(watched.size, 0);
});

test("only a unique name has a user", async () => {
  const { uids, asked } = makeWorld();
  for (const name of ["org.fairlead.Test", "", ":1", ":1.5'"]) {
    await assert.rejects(uids.uidOf(name), { busName: "org.freedesktop.DBus.Error.InvalidArgs" });
  }
  assert.deepEqual(asked, []);
});
