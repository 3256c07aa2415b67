import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { BusClient } from "../../harness/bus-client.ts";
import { busName } from "../../harness/daemon.ts";
import { requirePrivateNamespace } from "../../harness/namespace.ts";
import { startPrivateBus } from "../../harness/private-bus.ts";
import { run, startProcess, tryRun } from "../../harness/processes.ts";
import { temporaryFolder } from "../../harness/temporary-folder.ts";
import { until } from "../../harness/until.ts";

const script = fileURLToPath(new URL("../../../scripts/install-system", import.meta.url));
const install = (destdir: string, prefix: string, ...args: string[]) =>
  run("env", [`DESTDIR=${destdir}`, `PREFIX=${prefix}`, script, ...args]);
const filesBelow = (folder: string) =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();

/** Of our programs, in units, examples and policies: every text that is no program itself. */
const pathsNamedBy = (file: string): readonly string[] =>
  /\.(service|conf|pam|policy|rules)$/.test(file)
    ? [...readFileSync(file, "utf8").matchAll(/\/[\w./-]*lib\/fairlead\/[\w./-]+/g)]
        .map(([path]) => path)
        .filter((path) => !path.startsWith("/var/lib/"))
    : [];

test("the installed system runs by itself, knows its own paths, and is removed without a trace", async (t) => {
  requirePrivateNamespace();
  const destdir = join(temporaryFolder(t), "image");
  install(destdir, "/opt/harbour");
  assert.deepEqual(filesBelow(destdir), install(destdir, "/opt/harbour", "--list").trim().split("\n").sort());

  const prefix = join(destdir, "opt/harbour");
  const units = join(prefix, "lib/systemd/system");
  const named = filesBelow(destdir).flatMap((file) => pathsNamedBy(file).map((path) => ({ file, path })));
  assert.ok(
    named.some(({ path }) => path.endsWith("/bin/fairleadd")) && named.some(({ path }) => /-session$/.test(path)),
  );
  for (const { file, path } of named) assert.ok(existsSync(join(destdir, path)), `${file} names ${path}`);

  const bus = await startPrivateBus();
  t.after(() => bus.remove());
  const folder = temporaryFolder(t);
  const folders = ["--state-dir", join(folder, "state"), "--run-dir", join(folder, "run")];
  const env = { ...process.env, DBUS_SYSTEM_BUS_ADDRESS: bus.address };
  const daemon = startProcess(join(prefix, "sbin/fairleadd"), folders, { cwd: "/", env, name: "fairleadd" });
  t.after(() => daemon.end());
  const client = await BusClient.connect(bus.address);
  t.after(() => client.close());
  await until("the installed daemon has its name", () => client.ownerOf(busName), 15_000);
  const asked = ["-C", "/", `DBUS_SYSTEM_BUS_ADDRESS=${bus.address}`];
  const status = JSON.parse(run("env", [...asked, join(prefix, "bin/fairlead"), "status", "--json"]));
  assert.deepEqual(status.devices, []);
  const waiting = tryRun("env", [...asked, join(prefix, "bin/fairlead-wait-online"), "--timeout", "0.3"]);
  assert.match(waiting.stderr, /there are no links/);
  daemon.kill("SIGTERM");
  assert.equal((await daemon.waitExit()).code, 0, daemon.output());

  const foreign = join(units, "another.service");
  writeFileSync(foreign, "");
  install(destdir, "/opt/harbour", "--remove");
  assert.deepEqual(filesBelow(destdir), [foreign]);
  assert.ok(!existsSync(join(prefix, "lib/fairlead")));
});

test("a PREFIX that is no plain path installs nothing", (t) => {
  const destdir = join(temporaryFolder(t), "image");
  for (const prefix of ["usr", "/usr/a b", "/x|e id", "/$(id)"]) {
    assert.equal(tryRun("env", [`DESTDIR=${destdir}`, `PREFIX=${prefix}`, script]).code, 2, prefix);
  }
  assert.ok(!existsSync(destdir));
});
