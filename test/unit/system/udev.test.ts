import assert from "node:assert/strict";
import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { Udev } from "../../../src/system/udev.ts";
import { temporaryFolder } from "../../harness/temporary-folder.ts";
import { until } from "../../harness/until.ts";

const head = "sk               Eth Pid        Groups   Rmem     Wmem     Dump  Locks    Drops    Inode\n";
const socket = (protocol: number, groups: string) => `0000000000000000 ${protocol}  1234       ${groups} 0 0 0 2 0 1\n`;

function world(t: TestContext, sockets = socket(0, "00000011") + socket(15, "00000001")) {
  const folder = temporaryFolder(t);
  const paths = { folder: join(folder, "udev"), sockets: join(folder, "netlink") };
  mkdirSync(join(paths.folder, "data"), { recursive: true });
  writeFileSync(join(paths.folder, "control"), "");
  writeFileSync(paths.sockets, head + sockets);
  const finish = (index: number) => {
    const file = join(paths.folder, "data", `n${index}`);
    writeFileSync(`${file}.new`, "I:1\n");
    renameSync(`${file}.new`, file);
  };
  return { paths, udev: new Udev(paths), finish };
}

test("a link is waited for until udev has written what it knows of it, and each waiter hears once", async (t) => {
  const { udev, finish } = world(t);
  const heard: number[] = [];
  for (const index of [7, 8]) assert.ok(udev.whenDone(index, () => heard.push(index)));
  finish(8);
  await until("8 is told", () => heard.length === 1);
  finish(8);
  finish(7);
  await until("7 is told", () => heard.length === 2);
  assert.deepEqual(heard, [8, 7]);
  assert.equal(
    udev.whenDone(7, () => assert.fail("told")),
    undefined,
    "it is done",
  );
});

test("a wait that was called off is not told", async (t) => {
  const { udev, finish } = world(t);
  udev.whenDone(7, () => assert.fail("told"))?.();
  let isTold = false;
  udev.whenDone(8, () => {
    isTold = true;
  });
  finish(7);
  finish(8);
  await until("8 is told", () => isTold);
});

test("nothing is waited for without udev, nor for the udev of another network namespace", (t) => {
  const nobody = () => assert.fail("told");
  const { paths, udev } = world(t);
  rmSync(join(paths.folder, "control"));
  assert.equal(udev.whenDone(7, nobody), undefined);
  // A listener to udev's own news (group 2) is not udev.
  assert.equal(world(t, socket(15, "00000002")).udev.whenDone(7, nobody), undefined);
  const unread = world(t);
  rmSync(unread.paths.sockets);
  assert.equal(unread.udev.whenDone(7, nobody), undefined);
});
