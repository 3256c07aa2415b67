import assert from "node:assert/strict";
import { test } from "node:test";
import { OneAtATime } from "../../../src/base/one-at-a-time.ts";

/** Work that ends when told to. */
function makeWork() {
  const [begun, ends]: [string[], Map<string, (error?: Error) => void>] = [[], new Map()];
  const work = (name: string) => () =>
    new Promise<string>((resolve, reject) => {
      begun.push(name);
      ends.set(name, (error) => (error ? reject(error) : resolve(name)));
    });
  const end = async (name: string, error?: Error) => {
    ends.get(name)?.(error);
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { begun, work, end };
}
const settle = () => new Promise((resolve) => setImmediate(resolve));

test("work of one user begins when the one before has ended, also in failure; other users do not wait", async () => {
  const { begun, work, end } = makeWork();
  const line = new OneAtATime(2);
  const first = line.run(1000, work("a"));
  const second = line.run(1000, work("b"));
  void line.run(1001, work("x"));
  await settle();
  assert.deepEqual(begun, ["a", "x"]);
  const failed = assert.rejects(first, /broken/);
  await end("a", new Error("broken"));
  await failed;
  assert.deepEqual(begun, ["a", "x", "b"]);
  await end("b");
  assert.equal(await second, "b");
});

test("of more than a few the rest is refused, and there is room again when some have ended", async () => {
  const { begun, work, end } = makeWork();
  const line = new OneAtATime(1);
  void line.run(1000, work("a"));
  void line.run(1000, work("b"));
  await assert.rejects(line.run(1000, work("c")), { code: "InProgress", message: /2 of your calls/ });
  await end("a");
  void line.run(1000, work("d"));
  await end("b");
  assert.deepEqual(begun, ["a", "b", "d"]);
});
