import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { runTestBatch } from "../../../scripts/run-test-batch.mjs";

interface Judged {
  readonly file: string;
  readonly tests: readonly { readonly kind: string; readonly name: string; readonly error?: string }[];
  readonly output: string;
}

const good = `test("good", () => {});`;

/** Runs a file of each body in one batch, and returns of each one line per test, and all that was said of it. */
async function judge(t: TestContext, bodies: readonly string[], limitMs = 60_000) {
  const folder = mkdtempSync(join(tmpdir(), "fairlead-runner-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const files = bodies.map((body, at) => {
    const file = join(folder, `${at}.test.mjs`);
    writeFileSync(file, `import { suite, test } from "node:test";\n${body}`);
    return { file, program: file };
  });
  const judged: Judged[] = [];
  await runTestBatch([...files], (result: Judged) => judged.push(result), { limitMs });
  assert.deepEqual(
    judged.map(({ file }) => file),
    files.map(({ file }) => file),
    "each file is told once, in turn",
  );
  return judged.map(({ tests, output }) => ({
    lines: tests.map(({ kind, name }) => `${kind} ${name}`),
    text: [...tests.map(({ error }) => error), output].join("\n"),
  }));
}

const lines = (judged: readonly { lines: string[] }[]) => judged.map((file) => file.lines);

test("files of one process are told apart, with tests, subtests and suites", async (t) => {
  const twoDeep = `suite("s", () => test("a", () => {})); test("b", (t) => t.test("c", () => {}));`;
  assert.deepEqual(lines(await judge(t, [good, twoDeep, good])), [
    ["pass good"],
    ["pass a", "pass c", "pass b"],
    ["pass good"],
  ]);
});

test("a failing test and a skip without a reason fail, in their file alone", async (t) => {
  const bad = `test("bad", () => { throw new Error("why") }); test("skipped", (t) => t.skip());
    test("told", (t) => t.skip("no radio"));`;
  const judged = await judge(t, [bad, good]);
  assert.deepEqual(lines(judged), [["fail bad", "fail skipped", "skip told"], ["pass good"]]);
  assert.match(judged[0]?.text ?? "", /why/);
});

test("a file without tests, and one that cannot be loaded, are failures", async (t) => {
  const judged = await judge(t, ["", good, `import "./not-there.mjs";`, `throw new Error("at once");`, good]);
  const itself = ["fail (the file itself)"];
  assert.deepEqual(lines(judged), [itself, ["pass good"], itself, itself, ["pass good"]]);
  assert.match(judged[0]?.text ?? "", /holds no test/);
  assert.match(judged[2]?.text ?? "", /not-there/);
  assert.match(judged[3]?.text ?? "", /at once/);
});

test("a file that ends the process fails however it does, and the next ones still run", async (t) => {
  const ends = ["process.exit(0)", "process.exit(3)", `process.kill(process.pid, "SIGKILL")`];
  const bodies = ends.flatMap((end) => [`test("a", () => {}); test("end", () => { ${end}; });`, good]);
  const judged = await judge(t, bodies);
  for (const [at, file] of judged.entries()) {
    if (at % 2 === 1) assert.deepEqual(file.lines, ["pass good"]);
    else assert.equal(file.lines.at(-1), "fail (the file itself)", bodies[at]);
  }
});

test("a file that hangs fails in time, busy or idle, and the next one still runs", async (t) => {
  const busy = `test("busy", () => { for (;;); });`;
  const idle = `test("idle", () => new Promise((done) => setTimeout(done, 600_000)));`;
  const judged = await judge(t, [busy, idle, good], 1500);
  for (const at of [0, 1]) assert.match(judged[at]?.text ?? "", /did not end within 1.5 s/);
  assert.deepEqual(judged[2]?.lines, ["pass good"]);
});

test("what is thrown or rejected outside any test fails the file that did it", async (t) => {
  const throws = `test("a", () => {}); setTimeout(() => { throw new Error("late") }, 1);`;
  const rejects = `test("a", () => {}); Promise.reject(new Error("unheard"));`;
  const judged = await judge(t, [throws, good, rejects, good]);
  assert.match(judged[0]?.text ?? "", /late/);
  assert.match(judged[2]?.text ?? "", /unheard/);
  for (const at of [0, 2]) assert.ok(judged[at]?.lines.some((line) => line.startsWith("fail")));
  for (const at of [1, 3]) assert.deepEqual(judged[at]?.lines, ["pass good"]);
});

test("an exit code that a file sets is its own failure", async (t) => {
  const judged = await judge(t, [`test("a", () => { process.exitCode = 4; });`, good]);
  assert.deepEqual(lines(judged), [["pass a", "fail (the file itself)"], ["pass good"]]);
  assert.match(judged[0]?.text ?? "", /exit code 4/);
});

test("a file that leaves something behind fails and says what; the next one has a clean process", async (t) => {
  const leavings = {
    "environment LEFT_BEHIND": `process.env.LEFT_BEHIND = "1";`,
    "listeners of SIGUSR2": `process.on("SIGUSR2", () => {});`,
    "global leftBehind": "globalThis.leftBehind = 1;",
    "global Date": "globalThis.Date = class extends Date {};",
    umask: "process.umask(0o027);",
    "working folder": `process.chdir("/");`,
    "running Timeout": "setInterval(() => {}, 1000);",
  };
  const body = `test("a", () => { ${Object.values(leavings).join("\n")} });`;
  const [untidy, next] = await judge(t, [
    body,
    `test("a", () => { if ("leftBehind" in globalThis) throw new Error(); });`,
  ]);
  assert.deepEqual(untidy?.lines, ["pass a", "fail (the file itself)"]);
  for (const name of Object.keys(leavings)) assert.match(untidy?.text ?? "", new RegExp(`left behind: .*${name}`));
  assert.deepEqual(next?.lines, ["pass a"]);
});

test("what a file closes at its end has a moment to be gone", async (t) => {
  const closes = `import { createServer } from "node:net";
    test("a", (t) => { const server = createServer().listen(0); t.after(() => { setTimeout(() => server.close(), 20); }); });`;
  assert.deepEqual(lines(await judge(t, [closes])), [["pass a"]]);
});

test("output is that of the file that failed", async (t) => {
  const judged = await judge(t, [
    `test("a", () => { console.log("said before"); });`,
    `test("b", () => { console.log("said by it"); throw new Error("x"); });`,
  ]);
  assert.match(judged[1]?.text ?? "", /said by it/);
  assert.doesNotMatch(judged[1]?.text ?? "", /said before/);
});
