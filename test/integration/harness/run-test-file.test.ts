import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { runTestFile } from "../../../scripts/run-test-file.mjs";

interface Result {
  readonly kind: "pass" | "fail" | "skip";
  readonly name: string;
  readonly reason?: string;
  readonly error?: string;
}

async function judge(t: TestContext, body: string): Promise<{ tests: Result[]; output: string }> {
  const folder = mkdtempSync(join(tmpdir(), "fairlead-runner-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const file = join(folder, "sample.test.mjs");
  writeFileSync(file, `import { suite, test } from "node:test";\n${body}`);
  return runTestFile(file, "host");
}
const kinds = (tests: readonly Result[]) => tests.map(({ kind, name }) => `${kind} ${name}`);

test("counts tests and subtests, but no suites", async (t) => {
  const { tests } = await judge(t, `suite("s", () => test("a", () => {})); test("b", (t) => t.test("c", () => {}));`);
  assert.deepEqual(kinds(tests).sort(), ["pass a", "pass b", "pass c"]);
});

test("a failing subtest is told once, with its error", async (t) => {
  const { tests } = await judge(t, `test("b", async (t) => { await t.test("c", () => { throw new Error("why") }) });`);
  assert.deepEqual(kinds(tests), ["fail c"]);
  assert.match(tests[0]?.error ?? "", /why/);
});

test("a skip keeps its reason, and one without a reason is a failure", async (t) => {
  const { tests } = await judge(t, `test("a", (t) => t.skip("no radio")); test("b", (t) => t.skip());`);
  assert.deepEqual(kinds(tests), ["skip a", "fail b"]);
  assert.equal(tests[0]?.reason, "no radio");
});

test("a file without tests is a failure", async (t) => {
  const { tests } = await judge(t, "");
  assert.match(tests[0]?.error ?? "", /holds no test/);
});

test("a file that crashes after its tests passed is a failure", async (t) => {
  const { tests } = await judge(
    t,
    `test("a", () => {}); process.on("exit", () => process.kill(process.pid, "SIGKILL"));`,
  );
  assert.ok(tests.some(({ kind }) => kind === "fail"));
});

test("a file that cannot be loaded is a failure, and its output says why", async (t) => {
  const { tests, output } = await judge(t, `import "./not-there.mjs";`);
  assert.deepEqual(
    tests.map(({ kind }) => kind),
    ["fail"],
  );
  assert.match(output, /not-there/);
});

test("a throw outside any test is a failure", async (t) => {
  const { tests } = await judge(t, `test("a", () => {}); setTimeout(() => { throw new Error("late") }, 1);`);
  assert.ok(tests.some(({ kind }) => kind === "fail"));
});
