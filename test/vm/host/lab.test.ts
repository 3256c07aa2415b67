import assert from "node:assert/strict";
import { test } from "node:test";
import { type ManagedProcess, startProcess } from "../../harness/processes.ts";

/** The whole boot of an emulated machine that shares its processors with others. */
const bootLimitMs = 300_000;
const answerLimitMs = 60_000;

const prompt = /lab \S+ # $/;

const lab = (...args: string[]) => ["scripts/start.mjs", "--shell", "--vm", ...args];

test("a command in the guest's lab sees daemon and air, and its exit code comes back", async (t) => {
  // One scan may miss a beacon.
  const scans =
    "for scan in 1 2 3 4 5 6 7 8; do fairlead scan > /tmp/air; grep -q Home /tmp/air && grep -q Cafe /tmp/air && break; done";
  const command = `fairlead status && ${scans}; echo in the air:; cat /tmp/air; exit 7`;
  const run = startProcess(process.execPath, lab("--", "sh", "-c", command));
  t.after(() => run.end());
  const { code } = await run.waitExit(bootLimitMs);
  const output = run.output();
  assert.equal(code, 7, output);
  assert.match(output, /Connected through Ethernet on eth0/);
  for (const ssid of ["Cafe", "Home"]) assert.match(output, new RegExp(`in the air:[^]*${ssid}`));
});

test("its shell has a terminal: what is typed is run, Ctrl-C ends a program and not the lab", async (t) => {
  const typed = `script --quiet --return --command "${process.execPath} ${lab().join(" ")}" /dev/null`;
  const terminal = startProcess("sh", ["-c", typed]);
  t.after(() => terminal.end());
  await terminal.untilOutput(prompt, bootLimitMs);
  await type(terminal, "tty\r", /\/dev\/hvc0\s[\s\S]*lab \S+ # $/);
  // A line typed before the shell has given up the terminal would not be one for cat. The echo of the typed text holds
  // no 42.
  await type(terminal, "sh -c 'echo up $((6*7)); cat'\r", /up 42\s/);
  // The echo of cat shows that it, and not the shell, is there to hear Ctrl-C.
  await type(terminal, "echoed\r", /echoed\s+echoed\s/);
  await type(terminal, "\x03", /\^C[\s\S]*lab \S+ # $/);
  terminal.write("exit $((40+2))\r");
  const { code } = await terminal.waitExit(answerLimitMs);
  assert.equal(code, 42, terminal.output());
});

/** Types, and waits for the terminal's text from then on. */
function type(terminal: ManagedProcess, text: string, answer: RegExp) {
  const from = terminal.output().length;
  terminal.write(text);
  return terminal.untilOutput(answer, answerLimitMs, from);
}

test("without a terminal there is no shell, and one line says so", async (t) => {
  const run = startProcess(process.execPath, lab());
  t.after(() => run.end());
  run.closeInput();
  const { code } = await run.waitExit(bootLimitMs);
  assert.equal(code, 1);
  assert.match(run.output(), /^lab: a shell needs a terminal; .*\n$/);
});
