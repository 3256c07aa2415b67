import assert from "node:assert/strict";
import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { silentLog } from "../../../src/base/log.ts";
import { ProcessClock } from "../../../src/base/process-clock.ts";
import { parseDump } from "../../../src/network/protocols/script/description.ts";
import { scriptHandler } from "../../../src/network/protocols/script/script-handler.ts";
import { ChildProcesses } from "../../../src/system/child-processes.ts";
import { temporaryFolder } from "../../harness/temporary-folder.ts";
import { until } from "../../harness/until.ts";

const text = (log: string) => `#!/bin/sh
case "$2" in
  setup)
    echo "$3 $5 $4" >> ${log}
    echo '{"action":1,"command":["/bin/sleep","600"]}'
    echo '{"action":0,"link-up":true,"ipaddr":[{"ipaddr":"198.51.100.2","mask":24}],"gateway":"198.51.100.1"}'
    ;;
  teardown) echo "teardown $3 ERROR=$ERROR" >> ${log} ;;
  *) echo '{"name":"hello","config":[["server",3]]}' ;;
esac
`;

test("a real script describes itself, brings settings, leaves a program, and is taken down", async (t) => {
  const folder = temporaryFolder(t);
  const [script, log] = [join(folder, "hello.sh"), join(folder, "log")];
  writeFileSync(script, text(log));
  chmodSync(script, 0o755);
  const clock = new ProcessClock();
  const processes = new ChildProcesses(clock);
  t.after(() => processes.stopAll());
  const lines: string[] = [];
  await processes.run({ name: "dump", argv: [script, "", "dump"], onLine: (line) => lines.push(line) }).ended;
  const [description = assert.fail()] = parseDump(lines);
  assert.equal(description.name, "hello");

  const handler = scriptHandler(description, { script, folder }, processes);
  const told: string[] = [];
  const host = { clock, log: silentLog, settingsChanged() {}, lost: (reason: string) => told.push(reason) };
  const link = { index: 1, name: "lo", mac: "", mtu: 1500 };
  const options = new Map([["server", ["vpn.example"]]]);
  const session = handler.attach(link, { interfaceName: "vpn", options }, host);
  const { ipv4 } = await session.setup(new AbortController().signal);
  assert.equal(`${ipv4?.address}/${ipv4?.prefixLength} via ${ipv4?.gateway}`, "198.51.100.2/24 via 198.51.100.1");
  const task = await until(
    "its program runs",
    () => processes.list().find(({ name }) => name === "hello task vpn")?.pid,
  );
  process.kill(Number(task), "SIGKILL");
  await until("the loss is told", () => told.length > 0);
  await session.teardown({ force: false });
  assert.deepEqual(processes.list(), []);
  assert.equal(readFileSync(log, "utf8"), 'vpn lo {"server":"vpn.example"}\nteardown vpn ERROR=0\n');
});
