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

/** Files that stay in the process: their contents, the lines told of them, and texts in errors and output. */
const cases: readonly { readonly body: string; readonly lines: readonly string[]; readonly text?: RegExp }[] = [
  {
    body: `suite("s", () => test("a", () => {})); test("b", (t) => t.test("c", () => {}));`,
    lines: ["pass a", "pass c", "pass b"],
  },
  { body: `test("bad", () => { throw new Error("why") });`, lines: ["fail bad"], text: /why/ },
  {
    body: `test("silent", (t) => t.skip()); test("told", (t) => t.skip("no radio"));`,
    lines: ["fail silent", "skip told"],
    text: /without a reason/,
  },
  { body: "", lines: ["fail (the file itself)"], text: /holds no test/ },
  { body: `import "./not-there.mjs";`, lines: ["fail (the file itself)"], text: /not-there/ },
  { body: `throw new Error("at once");`, lines: ["fail (the file itself)"], text: /at once/ },
  {
    body: `test("a", () => { process.exitCode = 4; });`,
    lines: ["pass a", "fail (the file itself)"],
    text: /exit code 4/,
  },
  // Handles that a file closes at its end have a moment to be gone.
  {
    body: `import { createServer } from "node:net";
      test("a", (t) => { const server = createServer().listen(0); t.after(() => void setTimeout(() => server.close(), 20)); });`,
    lines: ["pass a"],
  },
  {
    body: `test("b", () => { console.log("said by it"); throw new Error("x"); });`,
    lines: ["fail b"],
    text: /said by it/,
  },
];

test("each file is judged by itself, as in a process of its own, and the ones between are not touched", async (t) => {
  const speaking = `test("good", () => console.log("said between"));`;
  const judged = await judge(
    t,
    cases.flatMap(({ body }) => [body, speaking]),
  );
  for (const [at, { body, lines, text }] of cases.entries()) {
    const [file, between] = judged.slice(2 * at);
    assert.deepEqual(file?.lines, lines, body);
    if (text) assert.match(file?.text ?? "", text);
    assert.doesNotMatch(file?.text ?? "", /said between/);
    assert.deepEqual(between?.lines, ["pass good"], `after ${body}`);
  }
});

test("a file that ends the process fails however it does, and the next ones still run", async (t) => {
  const ends = ["process.exit(0)", "process.exit(3)", `process.kill(process.pid, "SIGKILL")`];
  const bodies = ends.map((end) => `test("a", () => {}); test("end", () => { ${end}; });`);
  const judged = await judge(t, [...bodies, good]);
  assert.deepEqual(judged.pop()?.lines, ["pass good"]);
  for (const [at, file] of judged.entries()) assert.equal(file.lines.at(-1), "fail (the file itself)", bodies[at]);
});

test("a file that hangs fails in time, busy or idle, and the next one still runs", async (t) => {
  const busy = `test("busy", () => { for (;;); });`;
  const idle = `test("idle", () => new Promise((done) => setTimeout(done, 600_000)));`;
  const judged = await judge(t, [busy, idle, good], 3000);
  for (const at of [0, 1]) assert.match(judged[at]?.text ?? "", /did not end within 3 s/);
  assert.deepEqual(judged[2]?.lines, ["pass good"]);
});

test("an error or rejection outside any test fails its file", async (t) => {
  const throws = `test("a", () => {}); setTimeout(() => { throw new Error("late") }, 1);`;
  const rejects = `test("a", () => {}); Promise.reject(new Error("unheard"));`;
  const judged = await judge(t, [throws, good, rejects, good]);
  assert.match(judged[0]?.text ?? "", /late/);
  assert.match(judged[2]?.text ?? "", /unheard/);
  for (const at of [0, 2]) assert.ok(judged[at]?.lines.some((line) => line.startsWith("fail")));
  for (const at of [1, 3]) assert.deepEqual(judged[at]?.lines, ["pass good"]);
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
