import assert from "node:assert/strict";
import { test } from "node:test";
import { startProcess } from "../../../src/lab/world/processes.ts";
import { within } from "../../../src/lab/world/until.ts";

/** Far more than an end takes, and less than the grandchild lives. */
const limitMs = 20_000;
const graceMs = 50;

const startDeaf = () => {
  const grandchild = "trap '' TERM; echo \"grandchild $$\"; exec sleep 60";
  return startProcess("sh", ["-c", `trap '' TERM; sh -c '${grandchild.replaceAll("'", "'\\''")}' & wait`]);
};

test("the child of a deaf program does not hold up its end, though it holds the pipes", async (t) => {
  const deaf = startDeaf();
  const [, grandchild] = await deaf.untilOutput(/grandchild (\d+)\n/);
  t.after(() => process.kill(Number(grandchild), "SIGKILL"));
  await within("end(), whatever the grandchild does", deaf.end(graceMs), limitMs);
  assert.deepEqual(deaf.ended, { code: null, signal: "SIGKILL" });
});
