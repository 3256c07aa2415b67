import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { after, test } from "node:test";
import { childModule } from "../../harness/child-module.ts";

const sink = childModule({ after }, "src/system/log-sink.ts");

/** Runs a script with StandardErrorLog at hand; `shell` may put the program, `$NODE`, into other surroundings. */
async function run(script: string, shell = "$NODE") {
  const text = `import { StandardErrorLog } from ${JSON.stringify(await sink)}; ${script}`;
  const node = `"${process.execPath}" --input-type=module -e "$SCRIPT"`;
  const env = { ...process.env, NODE_OPTIONS: "", SCRIPT: text };
  return spawnSync("sh", ["-c", shell.replace("$NODE", node)], { encoding: "utf8", timeout: 20_000, env });
}

test("kept lines are written when the process exits, however it does", async () => {
  for (const end of ["", "process.exit(3)", "throw new Error('end')"]) {
    const { stderr } = await run(
      `const log = new StandardErrorLog(); log.write("info", "daemon", "last words", undefined); ${end}`,
    );
    assert.match(stderr, /^\d\d:\d\d:\d\d\.\d{3} info daemon: last words$/m, end);
  }
});

test("lines through winston are out before the process exits", async () => {
  const script = `const log = new StandardErrorLog(); await log.startWriting();
    for (let at = 0; at < 2000; at++) log.write("info", "daemon", "line " + at, undefined);
    process.exit(0);`;
  assert.equal((await run(script)).stderr.split("\n").length, 2001);
});

test("a reader that went away, or reads slowly, does not end the process", async () => {
  const script = `const log = new StandardErrorLog(); await log.startWriting();
    for (let at = 0; at < 5000; at++) log.write("warn", "daemon", "line " + at, undefined);
    console.log("alive");`;
  assert.equal((await run(script, "{ $NODE 2>&1 1>&3 | true; } 3>&1")).stdout.trim(), "alive");
  assert.equal((await run(script, "$NODE 2>&-")).stdout.trim(), "alive");
});

test("winston is not loaded before writing starts", async () => {
  const { stderr } = await run(
    `import { createRequire } from "node:module";
    const log = new StandardErrorLog(); log.write("info", "daemon", "x", undefined);
    const loaded = () => Object.keys(createRequire(import.meta.url).cache).some((path) => path.includes("/winston/"));
    const before = loaded(); await log.startWriting(); console.error(before, loaded());`,
  );
  assert.match(stderr, /false true/);
});
