import assert from "node:assert/strict";
import { test } from "node:test";
import { startProcess } from "../../harness/processes.ts";
import { until } from "../../harness/until.ts";

/** The whole boot of an emulated machine that shares its processors with others. */
const bootLimitMs = 300_000;

const lab = (...args: string[]) => ["scripts/start.mjs", "--shell", "--vm", ...args];

test("a command in the guest's lab sees daemon and air, and its exit code comes back", async () => {
  // One scan may miss a beacon.
  const scans =
    "for scan in 1 2 3 4 5 6 7 8; do iw dev wlan0 scan > /tmp/air; grep -q Home /tmp/air && grep -q Cafe /tmp/air && break; done";
  const command = `fairlead status && ip link set wlan0 up && ${scans}; cat /tmp/air; exit 7`;
  const run = startProcess(process.execPath, lab("--", "sh", "-c", command));
  const { code } = await run.waitExit(bootLimitMs);
  const output = run.output();
  assert.equal(code, 7, output);
  assert.match(output, /Connected through Ethernet on eth0/);
  for (const ssid of ["Cafe", "Home"]) assert.match(output, new RegExp(`SSID: ${ssid}\n`));
});

test("its shell has a terminal: what is typed is run, Ctrl-C ends a program and not the lab", async () => {
  const typed = `script --quiet --return --command "${process.execPath} ${lab().join(" ")}" /dev/null`;
  const terminal = startProcess("sh", ["-c", typed]);
  const prompt = /lab \S+ # $/;
  await terminal.untilOutput(prompt, bootLimitMs);
  const say = (text: string) => terminal.write(text);
  say("tty; sleep 1000\r");
  await terminal.untilOutput(/\/dev\/hvc0/, bootLimitMs);
  // Pressed again until it is heard: between two programs nobody may be there to hear it.
  await until(
    "the shell asks again",
    () => {
      say("\x03");
      return /\^C[\s\S]*lab \S+ # $/.test(terminal.output());
    },
    bootLimitMs,
  );
  say("exit $((40+2))\r");
  const { code } = await terminal.waitExit(bootLimitMs);
  assert.equal(code, 42, terminal.output());
});

test("without a terminal there is no shell, and one line says so", async () => {
  const run = startProcess(process.execPath, lab());
  run.closeInput();
  const { code } = await run.waitExit(bootLimitMs);
  assert.equal(code, 1);
  assert.match(run.output(), /^lab: a shell needs a terminal; .*\n$/);
});
