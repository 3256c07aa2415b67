import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { variant } from "../../harness/bus-client.ts";
import { requirePrivateNamespace, run } from "../../harness/namespace.ts";
import { startProcess } from "../../harness/processes.ts";
import { startDaemon } from "./support.ts";

requirePrivateNamespace();

const secret = "a-word-that-nobody-else-says";
const unlimited = ["--core=unlimited:unlimited"];
/** Where dumps go to is the machine's affair; a program that takes them in is out of reach of a test. */
const pattern = readFileSync("/proc/sys/kernel/core_pattern", "latin1").trim();

function workFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "fairlead-core-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
const dumpsIn = (folder: string): readonly string[] =>
  readdirSync(folder)
    .filter((name) => name.startsWith("core"))
    .map((name) => join(folder, name));
const holdsSecret = (file: string): boolean => readFileSync(file).includes(secret);

/** Whether a program that takes no care leaves its memory behind: else the tests would show nothing. */
async function machineDumps(t: TestContext): Promise<boolean> {
  const folder = workFolder(t);
  const program = `word = "-".join("a word that nobody else says".split())\nprint("ready", flush=True)\nimport signal\nsignal.pause()`;
  const careless = startProcess("prlimit", [...unlimited, "/usr/bin/python3", "-c", program], { cwd: folder });
  t.after(() => careless.end());
  await careless.untilOutput(/ready/);
  careless.kill("SIGABRT");
  await careless.waitExit();
  return dumpsIn(folder).some(holdsSecret);
}

for (const signal of ["SIGABRT", "SIGSEGV"] as const) {
  test(`a daemon that dies of ${signal} leaves no dump behind, of any size`, async (t) => {
    if (!/^core/.test(pattern)) return t.skip(`dumps go to ${pattern}`);
    if (!(await machineDumps(t))) return t.skip("this machine writes no dumps here");
    const folder = workFolder(t);
    const daemon = await startDaemon(t, { cwd: folder });
    run("prlimit", [`--pid=${daemon.process.pid}`, ...unlimited]);
    const properties = { Type: variant("s", "etherneteap"), "EAP.Password": variant("s", secret) };
    const manager = "org.chromium.flimflam.Manager";
    const [eap] = await daemon.call("/", manager, "ConfigureService", "a{sv}", [properties]);
    assert.deepEqual(await daemon.call(String(eap), "org.chromium.flimflam.Service", "GetEapPassphrase"), [secret]);
    daemon.process.kill(signal);
    const { signal: died } = await daemon.process.waitExit();
    assert.equal(died, signal);
    const dumps = dumpsIn(folder);
    assert.deepEqual(dumps, []);
  });
}
