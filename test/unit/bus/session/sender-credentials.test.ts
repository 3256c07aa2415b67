import assert from "node:assert/strict";
import { test } from "node:test";
import { BusError, type Call } from "../../../../src/bus/bus.ts";
import { SenderCredentials } from "../../../../src/bus/session/sender-credentials.ts";

const someone = { uid: 1000, gids: [1000, 27] };
const known = new Map<string, unknown>([
  ["UnixUserID", { signature: "u", value: 1000 }],
  ["UnixGroupIDs", { signature: "au", value: [1000, 27] }],
]);

/** A bus where all clients are of the same user, and no question is refused unless told so. */
function makeWorld(credentials: unknown = known) {
  const asked: string[] = [];
  const watched = new Map<string, () => void>();
  let refuses = false;
  const senders = new SenderCredentials({
    match: ({ arg0 = "" }, onSignal) => {
      watched.set(arg0, onSignal);
      return () => watched.delete(arg0);
    },
    call: async ({ args = [] }: Call) => {
      asked.push(String(args[0]));
      if (refuses) throw new BusError("a.b.Gone", "gone");
      return [credentials];
    },
  });
  return { senders, asked, watched, refuse: (value: boolean) => (refuses = value) };
}

test("the bus is asked once for each sender, until the sender leaves", async () => {
  const { senders, asked, watched } = makeWorld();
  const both = await Promise.all([senders.of(":1.1"), senders.of(":1.1"), senders.of(":1.2")]);
  assert.deepEqual(
    [both, asked],
    [
      [someone, someone, someone],
      [":1.1", ":1.2"],
    ],
  );
  watched.get(":1.1")?.();
  assert.deepEqual([...watched.keys()], [":1.2"]);
  await senders.of(":1.1");
  assert.deepEqual(asked, [":1.1", ":1.2", ":1.1"]);
});

test("a failure is not remembered and leaves no match behind", async () => {
  const { senders, asked, watched, refuse } = makeWorld();
  refuse(true);
  await assert.rejects(senders.of(":1.1"), { busName: "a.b.Gone" });
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(watched.size, 0);
  refuse(false);
  assert.deepEqual(await senders.of(":1.1"), someone);
  assert.equal(asked.length, 2);
});

test("a flood of senders does not grow the memory, and a lost connection forgets all", async () => {
  const { senders, watched } = makeWorld();
  for (let at = 0; at < 3000; at++) await senders.of(`:1.${at}`);
  assert.equal(watched.size, 400);
  assert.ok(watched.has(":1.2999") && !watched.has(":1.0"));
  senders.clear();
  assert.equal(watched.size, 0);
});

test("only a unique name has a user", async () => {
  const { senders, asked } = makeWorld();
  for (const name of ["org.fairlead.Test", "", ":1", ":1.5'"]) {
    await assert.rejects(senders.of(name), { busName: "org.freedesktop.DBus.Error.InvalidArgs" });
  }
  assert.deepEqual(asked, []);
});

test("a bus that tells no groups leaves them unknown; one that tells no user gives no rights", async () => {
  const { senders } = makeWorld(new Map([["UnixUserID", { signature: "u", value: 7 }]]));
  assert.deepEqual(await senders.of(":1.1"), { uid: 7, gids: undefined });
  for (const nonsense of [new Map(), null, 7, new Map([["UnixUserID", { signature: "s", value: "0" }]])]) {
    await assert.rejects(makeWorld(nonsense).senders.of(":1.1"), { busName: "org.freedesktop.DBus.Error.Failed" });
  }
});
