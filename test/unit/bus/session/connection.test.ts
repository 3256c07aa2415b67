import assert from "node:assert/strict";
import type { Socket } from "node:net";
import { test } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";
import { Connection } from "../../../../src/bus/session/connection.ts";
import { defaultLimits } from "../../../../src/bus/wire/limits.ts";
import { FakeClock } from "../../../fakes/fake-clock.ts";

/** A connection on a socket that notes what it is given, and takes it at once. */
function scene() {
  const written: string[] = [];
  const socket = {
    on: () => {},
    resume: () => {},
    write: (bytes: Buffer, taken: () => void) => {
      written.push(bytes.toString("latin1"));
      taken();
    },
  } as unknown as Socket;
  const handler = {
    frame: () => undefined,
    largeHeader: () => "keep" as const,
    large: () => "keep" as const,
    backlogChanged: () => {},
    closed: () => {},
  };
  const authenticated = { bytes: { socket, onBytes: () => {} }, rest: Buffer.alloc(0), busId: "" };
  const connection = new Connection(authenticated, handler, new FakeClock(), defaultLimits);
  const send = (text: string) => connection.send((writer) => writer.raw(Buffer.from(text)));
  return { send, written };
}

test("the first messages of a turn go out together, and before the rest of the turn", async () => {
  const { send, written } = scene();
  send("a");
  send("b");
  assert.deepEqual(written, []);
  await undefined;
  assert.deepEqual(written, ["ab"]);
});

test("whatever else the turn has to tell goes out once, at its end", async () => {
  const { send, written } = scene();
  send("a");
  await undefined;
  for (const text of ["b", "c", "d"]) {
    send(text);
    await undefined;
  }
  assert.deepEqual(written, ["a"]);
  await nextTurn();
  assert.deepEqual(written, ["a", "bcd"]);
});

test("each turn begins anew", async () => {
  const { send, written } = scene();
  for (const text of ["a", "b"]) {
    send(text);
    await undefined;
    await nextTurn();
  }
  assert.deepEqual(written, ["a", "b"]);
});

test("a large batch goes out at once", () => {
  const { send, written } = scene();
  send("x".repeat(65_536));
  assert.equal(written.join("").length, 65_536);
});
