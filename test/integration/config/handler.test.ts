import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { chmodSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { ProcessClock } from "../../../src/base/clock.ts";
import { silentLog } from "../../../src/base/log.ts";
import { parseDump } from "../../../src/network/protocols/script/description.ts";
import { scriptHandler } from "../../../src/network/protocols/script/script-handler.ts";
import { Teardowns } from "../../../src/network/protocols/script/script-session.ts";
import { ChildProcesses } from "../../../src/system/child-processes.ts";
import { FakeKernel } from "../../fakes/fake-kernel.ts";
import { addPeer } from "../../harness/namespace.ts";
import { tryRun } from "../../harness/processes.ts";
import { temporaryFolder } from "../../harness/temporary-folder.ts";
import { until } from "../../harness/until.ts";
import { addressesOf, ip } from "../daemon/kernel-view.ts";
import { plugIn, startDaemon } from "../daemon/support.ts";

const program = fileURLToPath(new URL("../../../bin/fairlead", import.meta.url));

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

  const handler = scriptHandler(
    description,
    { script, folder },
    { processes, rtnl: new FakeKernel(), teardowns: new Teardowns() },
  );
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

/** A static address, as a handler of another package would bring it; with `option mode hang` its setup never ends. */
const staticLike = (folder: string) => `#!/bin/sh
log() { echo "$*" >> ${folder}/log; }
case "$2" in
  dump) echo '{"name":"fixed","config":[["address",3],["mode",3],["password",3]]}' ;;
  setup)
    read -r whole
    log "setup $3 $5 $4 $whole"
    case "$4" in *hang*) trap '' TERM; log hanging; while :; do sleep 1000 & wait $!; done ;; esac
    address=\${4#*'"address":"'}
    address=\${address%%'"'*}
    echo '{"action":1,"command":["/bin/sh","-c","echo $$ > ${folder}/task; exec sleep 600"]}'
    echo '{"action":0,"link-up":true,"ipaddr":[{"ipaddr":"'"$address"'","mask":24}]}'
    ;;
  teardown) log "teardown $3 ERROR=$ERROR" ;;
esac
`;
const own = "org.fairlead.Interface1";

test("an interface of the configuration is in the hands of a real handler, which the daemon of root runs itself", async (t) => {
  const folder = temporaryFolder(t);
  const [script, file] = [join(folder, "fixed.sh"), join(folder, "network")];
  writeFileSync(script, staticLike(folder));
  chmodSync(script, 0o755);
  writeFileSync(join(folder, "log"), "");
  const log = () => readFileSync(join(folder, "log"), "utf8").trimEnd().split("\n");
  const secret = randomUUID();
  const section = (address: string, more = "") =>
    `config interface box\n option proto fixed\n option device eth0\n option address ${address}\n option password ${secret}\n${more}`;
  writeFileSync(file, section("192.0.2.2"));
  const peer = addPeer("office");
  t.after(() => peer.remove());
  plugIn(t, "eth0", peer, { peerLink: "lan", address: "192.0.2.1/24" });
  const daemon = await startDaemon(t, { args: ["--uci-config", file, "--handlers", folder] });
  const fairlead = (...words: string[]) => tryRun(program, [...words, "--bus-address", daemon.bus.address]);
  const { path } = await until(
    "there is a Service",
    async () => (await daemon.services()).map(({ path }) => ({ path: String(path) }))[0],
  );
  const status = async () => (await daemon.call(path, own, "Status"))[0] as Readonly<Record<string, unknown>>;
  const untilUp = (isUp: boolean) => until(`up: ${isUp}`, async () => (await status()).up === isUp);

  await untilUp(true);
  assert.deepEqual(addressesOf("eth0"), ["192.0.2.2/24"]);
  const { proto, l3_device: link, "ipv4-address": addresses } = await status();
  assert.deepEqual([proto, link, addresses], ["fixed", "eth0", [{ address: "192.0.2.2", mask: 24 }]]);
  assert.deepEqual(log(), [`setup box eth0 {"address":"192.0.2.2"} {"address":"192.0.2.2","password":"${secret}"}`]);
  const runningTask = () => tryRun("cat", [join(folder, "task")]).stdout.trim();
  const task = await until("its program runs", runningTask);
  assert.ok(existsSync(`/proc/${task}`));
  assert.doesNotMatch(daemon.log(), new RegExp(secret));

  writeFileSync(file, section("192.0.2.3"));
  assert.match(fairlead("config", "reload").stdout, /interface box: rebuild \(address\)/);
  await until("the new address is there", () => String(addressesOf("eth0")) === "192.0.2.3/24");
  assert.match(log()[1] ?? "", /^teardown box/);

  writeFileSync(file, section("192.0.2.3", " option mode hang\n"));
  fairlead("config", "reload");
  await until("its setup hangs", () => log().at(-1) === "hanging");
  fairlead("disconnect", "box");
  await until("it was killed and torn down", () => log().at(-1)?.startsWith("teardown box"));
  await untilUp(false);
  assert.equal(ip("-4", "address", "show", "dev", "eth0"), "");

  writeFileSync(file, `${section("192.0.2.3")}config interface far\n option proto afar\n option device eth9\n`);
  assert.match(
    fairlead("config", "check", file).stdout,
    /:7:9: error: far: proto afar is not known here; the interface stays down \(no handler of that name in /,
  );
  fairlead("config", "reload");
  fairlead("connect", "box", "--wait", "60");
  await untilUp(true);
  const last = await until("its program runs again", () => {
    const running = runningTask();
    return running && existsSync(`/proc/${running}`) && running;
  });
  const count = log().length;
  await daemon.stop();
  assert.match(log().slice(count).join(), /^teardown box ERROR=\d*$/);
  assert.ok(!existsSync(`/proc/${last}`), "its program ended with the daemon");
});
