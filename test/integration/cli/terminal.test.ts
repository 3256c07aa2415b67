import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { type ManagedProcess, startProcess, tryRun } from "../../harness/processes.ts";
import { addLan, commandLine, output, startDaemon } from "./support.ts";

const quote = (word: string): string => `'${word.replaceAll("'", "'\\''")}'`;
const asShell = (words: readonly string[]): string => words.map(quote).join(" ");

/**
 * Runs a shell command on a terminal of its own (util-linux's script makes one); returns the bytes sent to the
 * terminal.
 */
function onTerminal(command: string, columns: number, env: Readonly<Record<string, string>> = {}): string {
  const settings = Object.entries({ TERM: "xterm", ...env }).map(([name, value]) => `export ${name}=${quote(value)};`);
  const { code, stdout, stderr } = tryRun("script", [
    "-qec",
    `stty cols ${columns}; ${settings.join(" ")} ${command}`,
    "/dev/null",
  ]);
  assert.equal(code, 0, stdout + stderr);
  return stdout.replaceAll("\r\n", "\n");
}
// biome-ignore lint/suspicious/noControlCharactersInRegex: the codes of colours begin with one
const colours = /\x1b\[\d+m/g;

test("on a terminal it has colours and keeps to the width; NO_COLOR leaves none", async (t) => {
  await addLan(t, "eth0", 0);
  const daemon = await startDaemon(t);
  output(daemon, "connect", "eth0", "--wait", "10");
  const command = asShell([...commandLine(), "--bus-address", daemon.bus.address, "status"]);
  for (const columns of [40, 80, 120]) {
    const shown = onTerminal(command, columns);
    assert.match(shown, colours);
    const plain = shown.replaceAll(colours, "");
    assert.equal(plain.includes("\x1b"), false);
    for (const line of plain.split("\n")) assert.ok(line.length <= columns, `${columns}: ${line}`);
  }
  assert.equal(onTerminal(command, 80, { NO_COLOR: "1" }).includes("\x1b"), false);
  assert.equal(output(daemon, "status").includes("\x1b"), false);
});

/** A real bash on a terminal, with the completion script loaded and `fairlead` on its path. */
function startBash(t: TestContext, program: string, env: Readonly<Record<string, string>>): ManagedProcess {
  const folder = mkdtempSync(join(tmpdir(), "fairlead-bash-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(join(folder, "fairlead"), program, { mode: 0o755 });
  const [command = "", ...args] = commandLine();
  const script = tryRun(command, [...args, "completion", "bash"]).stdout;
  writeFileSync(
    join(folder, "rc"),
    `PATH=${quote(folder)}:$PATH\nPS1='ask> '\nbind 'set bell-style none'\n${script}\ncd ${quote(folder)}\n`,
  );
  const bash = startProcess(
    "script",
    ["-qec", `bash --noprofile --rcfile ${quote(join(folder, "rc"))} -i`, "/dev/null"],
    {
      env: { ...process.env, TERM: "dumb", ...env },
    },
  );
  t.after(() => bash.end());
  return bash;
}

/** A shell on a terminal is deaf to SIGTERM. */
async function leave(bash: ManagedProcess): Promise<void> {
  bash.write("exit\r");
  await bash.waitExit();
}

test("bash completes verbs, links and properties of the running daemon", async (t) => {
  await addLan(t, "eth0", 0);
  const daemon = await startDaemon(t);
  output(daemon, "connect", "eth0", "--wait", "10");
  const program = `#!/bin/sh\nexec ${asShell(commandLine())} "$@"\n`;
  const bash = startBash(t, program, { DBUS_SYSTEM_BUS_ADDRESS: daemon.bus.address });
  await bash.untilOutput(/ask> /);
  bash.write("fairlead conn\t");
  await bash.untilOutput(/fairlead connect /, 10_000);
  bash.write("et\t");
  await bash.untilOutput(/fairlead connect eth0 /, 10_000);
  bash.write("--wa\t");
  await bash.untilOutput(/fairlead connect eth0 --wait /, 10_000);
  bash.write("5\r");
  await bash.untilOutput(/Ethernet on eth0: (ready|online)/, 10_000);
  const from = bash.output().length;
  bash.write("fairlead get eth0 Prio\t\r");
  await bash.untilOutput(/fairlead get eth0 Priority \r?\n0\r?\n/, 10_000, from);
  await leave(bash);
});

test("a hostile name is completed as a quoted word and never run by the shell", async (t) => {
  const names = ["$(touch owned)x", "`touch owned`y", "z; touch owned #", "it's \\\"q", "-rf /"];
  const program = `#!/bin/sh
if [ "$1" = __complete ]; then cat <<'END'\n${names.join("\n")}\nEND
else printf '<%s>' "$@"; ls; fi\n`;
  for (const [at, name] of names.entries()) {
    const only = program.replace(names.join("\n"), name);
    const bash = startBash(t, only, {});
    await bash.untilOutput(/ask> /);
    bash.write("fairlead connect \t");
    // The command that comes after it shows that the line was taken: the name as one argument, and no file made.
    bash.write("\r");
    const [shown] = await bash.untilOutput(/<connect>[^\n]*\n/, 10_000);
    assert.ok(shown.includes(`<connect><${name}>`), `${at}: ${shown}`);
    await bash.untilOutput(/fairlead\s+rc/);
    assert.doesNotMatch(bash.output(), /owned\s+rc|\bowned\r?\n/);
    await leave(bash);
  }
});

test("bash completes names of files, quoted where they need it", async (t) => {
  const [command = "", ...args] = commandLine();
  const asks = `#!/bin/sh
if [ "$1" = __complete ]; then exec ${[command, ...args].map(quote).join(" ")} "$@"; else printf '<%s>' "$@"; fi\n`;
  const bash = startBash(t, asks, {});
  await bash.untilOutput(/ask> /);
  bash.write("mkdir 'my folder' && touch 'my folder/net work'; clear\r");
  await bash.untilOutput(/ask> .*ask> /s);
  bash.write("fairlead config check my\t");
  await bash.untilOutput(/fairlead config check my\\ folder\//, 10_000);
  bash.write("ne\t");
  await bash.untilOutput(/net\\ work /, 10_000);
  bash.write("\r");
  await bash.untilOutput(/<config><check><my folder\/net work>/, 10_000);
  await leave(bash);
});

test("fish completes names of files", (t) => {
  if (tryRun("fish", ["-c", "true"]).code !== 0) return t.skip("fish is not installed");
  const [command = "", ...args] = commandLine();
  const folder = mkdtempSync(join(tmpdir(), "fairlead-fish-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(join(folder, "script"), tryRun(command, [...args, "completion", "fish"]).stdout);
  writeFileSync(join(folder, "fairlead"), `#!/bin/sh\nexec ${[command, ...args].map(quote).join(" ")} "$@"\n`, {
    mode: 0o700,
  });
  writeFileSync(join(folder, "work.conf"), "");
  const asked = `cd ${quote(folder)}; set -x PATH . $PATH; source script; complete --do-complete "fairlead vpn import wo"`;
  assert.equal(tryRun("fish", ["-c", asked]).stdout, "work.conf\n");
  return undefined;
});

for (const shell of ["zsh", "fish"]) {
  test(`${shell} takes its script`, (t) => {
    if (tryRun(shell, ["-c", "true"]).code !== 0) return t.skip(`${shell} is not installed`);
    const [command = "", ...args] = commandLine();
    const script = tryRun(command, [...args, "completion", shell]).stdout;
    const folder = mkdtempSync(join(tmpdir(), "fairlead-shell-"));
    t.after(() => rmSync(folder, { recursive: true, force: true }));
    writeFileSync(join(folder, "script"), script);
    assert.equal(tryRun(shell, ["-n", join(folder, "script")]).code, 0);
    return undefined;
  });
}
