import assert from "node:assert/strict";
import { test } from "node:test";
import type { ConfiguredInterface } from "../../../../src/services/configured-interface.ts";
import type { FakeMachine } from "../../../fakes/fake-machine.ts";
import type { FakeProgramRun } from "../../../fakes/fake-processes.ts";
import { machine } from "../../manager/machine.ts";

const vpn = (more = "") =>
  `config interface vpn\n option proto hello\n option device eth0\n option server vpn.example\n${more}`;
const dump =
  '{"name":"hello","config":[["server",3],["password",3]]}\n{"name":"dhcp4"}\n{"name":"afar","no-device":true}\n';
const up = (address: string) =>
  `{"action":0,"link-up":true,"ipaddr":[{"ipaddr":"${address}","mask":24}],"gateway":"198.51.100.1","dns":["198.51.100.53"]}\n`;

/** A handler that answers as the test wants; `runs` has those that are not dumps. */
function install(it: FakeMachine, onSetup: (run: FakeProgramRun) => void = (run) => run.print(up("198.51.100.2"))) {
  const runs: FakeProgramRun[] = [];
  it.handlerPrograms.push({ path: "/handlers/hello.sh", fault: undefined });
  it.processes.install("/handlers/hello.sh", (run) => {
    const [, , action] = run.argv;
    if (action === "dump") run.print(dump);
    else runs.push(run);
    if (action === "setup") onSetup(run);
    else run.exit(0);
  });
  return runs;
}
function section(it: FakeMachine, name = "vpn"): ConfiguredInterface {
  const found = it.manager.services.all.find(({ configured }) => configured?.sectionName === name)?.configured;
  return found ?? assert.fail(`there is no interface ${name}`);
}
const errors = (it: FakeMachine, name?: string) =>
  section(it, name).errors.map(({ subsystem, code, data }) => [subsystem, code, ...data].join(" "));
async function reload(it: FakeMachine, uci: string): Promise<void> {
  it.configuration.text = uci;
  it.manager.configuration.reload();
  await it.settle();
}

test("an interface whose handler is read later comes up with what that brings, and goes with it", async (t) => {
  const it = await machine(t, ["eth0"], { uci: vpn() });
  assert.deepEqual(errors(it), ["proto INVALID_PROTO no handler of that name in /handlers"]);
  const runs = install(it);
  await reload(it, vpn());
  assert.deepEqual(it.manager.configuration.handlers.names, ["afar", "hello"], "ours keep their names");
  assert.deepEqual([section(it).interfaceState, errors(it)], ["UP", []]);
  assert.deepEqual(runs[0]?.argv.slice(1), ["hello", "setup", "vpn", '{"server":"vpn.example"}', "eth0"]);
  assert.match(it.kernel.toText(), /address 198\.51\.100\.2\/24 dev eth0/);
  assert.match(it.kernel.toText(), /default via 198\.51\.100\.1 dev eth0/);
  assert.deepEqual(it.nameServers, ["198.51.100.53"]);
  runs[0]?.print(up("198.51.100.3"));
  await it.settle();
  assert.match(it.kernel.toText(), /address 198\.51\.100\.3\/24 dev eth0/);
  assert.doesNotMatch(it.kernel.toText(), /198\.51\.100\.2\//);
  section(it).down();
  await it.settle();
  assert.deepEqual(
    runs.map(({ argv }) => argv[2]),
    ["setup", "teardown"],
  );
  assert.doesNotMatch(it.kernel.toText(), /198\.51\.100/);
});

test("a changed option of its handler takes it down with the old and sets it up with the new", async (t) => {
  const it = await machine(t, ["eth0"]);
  const runs = install(it);
  await reload(it, vpn(" option password one\n"));
  const { changes } = it.manager.configuration.preview(vpn(" option password two\n"));
  assert.deepEqual(changes, [{ kind: "interface", name: "vpn", action: "rebuild", options: ["password"] }]);
  await reload(it, vpn(" option password two\n"));
  assert.equal(section(it).interfaceState, "UP");
  assert.deepEqual(
    runs.map(({ argv, input }) => `${argv[2]} ${input.includes("two") ? "two" : "one"}`),
    ["setup one", "teardown one", "setup two"],
  );
  assert.ok(
    runs.every(({ argv }) => !/one|two/.test(argv.join())),
    "no password among the arguments",
  );
});

test("a handler's failure is the interface's error, and it is tried again", async (t) => {
  const it = await machine(t, ["eth0"]);
  let isGood = false;
  install(it, (run) => {
    if (isGood) run.print(up("198.51.100.2"));
    else run.print('{"action":3,"error":["NO_SERVER","vpn.example"]}\n');
    if (!isGood) run.exit(1);
  });
  await reload(it, vpn());
  assert.equal(section(it).interfaceState, "DOWN");
  assert.match(errors(it).join(), /NO_SERVER vpn\.example/);
  isGood = true;
  section(it).up();
  await it.settle();
  assert.equal(section(it).interfaceState, "UP");
});

test("settings on a link of the handler's own are taken when that link is there, and leave it with the interface", async (t) => {
  const it = await machine(t, ["eth0"]);
  install(it, (run) => run.print(up("198.51.100.2").replace("{", '{"ifname":"tun7",')));
  await reload(it, vpn());
  assert.equal(section(it).interfaceState, "SETUP");
  it.kernel.addHardware({ name: "tun7", kind: "tun", isUp: true });
  await it.settle();
  assert.equal(section(it).interfaceState, "UP");
  assert.match(it.kernel.toText(), /address 198\.51\.100\.2\/24 dev tun7/);
  assert.match(it.kernel.toText(), /default via 198\.51\.100\.1 dev tun7/);
  section(it).down();
  await it.settle();
  assert.doesNotMatch(it.kernel.toText(), /198\.51\.100/);
});

test("a program that is not to be run is left out, and the interface says so", async (t) => {
  const it = await machine(t, ["eth0"]);
  install(it);
  it.handlerPrograms.splice(0, 1, { path: "/handlers/hello.sh", fault: "/handlers/hello.sh can be written by others" });
  await reload(it, vpn());
  assert.deepEqual(errors(it), ["proto INVALID_PROTO no handler of that name in /handlers"]);
});

test("a handler that needs no link is told as not supported yet", async (t) => {
  const it = await machine(t, ["eth0"]);
  install(it);
  await reload(it, "config interface x\n option proto afar\n option device eth0\n");
  assert.deepEqual(errors(it, "x"), ["proto INVALID_PROTO handlers that work without a link are not supported yet"]);
});
