import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { silentLog } from "../../../../../src/base/log.ts";
import type { IpSettings } from "../../../../../src/network/ip-settings.ts";
import {
  configTexts,
  parseDump,
  type ScriptDescription,
} from "../../../../../src/network/protocols/script/description.ts";
import { scriptHandler } from "../../../../../src/network/protocols/script/script-handler.ts";
import { Teardowns } from "../../../../../src/network/protocols/script/script-session.ts";
import { parseNotification } from "../../../../../src/network/protocols/script/update.ts";
import { FakeClock } from "../../../../fakes/fake-clock.ts";
import { FakeKernel } from "../../../../fakes/fake-kernel.ts";
import { FakeProcesses, type FakeProgramRun } from "../../../../fakes/fake-processes.ts";
import { anyText } from "../../../../harness/any-text.ts";
import { fuzzRuns } from "../../../../harness/fuzz-runs.ts";

const dump = `{"name":"t","config":[["server:host",3],["port",5],["secure",7],["routes",1]],"renew-handler":true}`;
const [description = assert.fail()] = parseDump([dump]);
const up = `{"action":0,"link-up":true,"ipaddr":[{"ipaddr":"198.51.100.2","mask":"24"}],"gateway":"198.51.100.1","dns":["198.51.100.53"]}`;
const runTask = `{"action":1,"command":["/task","x"]}`;

/** A handler whose script and task are programs of the test. */
function scene(script: (run: FakeProgramRun) => void, of: ScriptDescription = description) {
  const clock = new FakeClock();
  const processes = new FakeProcesses(clock);
  const runs: FakeProgramRun[] = [];
  const told: string[] = [];
  processes.install("/handlers/t.sh", (run) => {
    runs.push(run);
    script(run);
  });
  processes.install("/task", (run) => runs.push(run));
  const place = { script: "/handlers/t.sh", folder: "/handlers" };
  const kernel = new FakeKernel();
  const handler = scriptHandler(of, place, { processes, rtnl: kernel, teardowns: new Teardowns() });
  const link = { index: 3, name: "eth0", mac: "02:00:00:00:00:01", mtu: 1500 };
  const options = new Map([
    ["server", ["vpn.example"]],
    ["port", ["0x10"]],
    ["secure", ["yes"]],
    ["routes", ["x y"]],
    ["colour", ["red"]],
  ]);
  const host = {
    clock,
    log: silentLog,
    settingsChanged: ({ ipv4 }: IpSettings) => told.push(`changed ${ipv4?.address}`),
    lost: (reason: string) => told.push(`lost: ${reason}`),
  };
  const another = () => handler.attach(link, { interfaceName: "vpn", options }, host);
  const session = another();
  const actions = () => runs.map(({ argv }) => (argv[0] === "/task" ? "task" : argv[2]));
  return { clock, kernel, processes, runs, told, session, another, actions };
}
const onSetup = (act: (run: FakeProgramRun) => void) => (run: FakeProgramRun) => {
  if (run.argv[2] === "setup") act(run);
  else run.exit(0);
};
const abortable = () => new AbortController();

test("the script is given its protocol, the action, the interface, its options as JSON, and the link", async () => {
  const it = scene(onSetup((run) => run.print(`${up}\n`)));
  const { ipv4, nameServers } = await it.session.setup(abortable().signal);
  assert.deepEqual(it.runs[0]?.argv, [
    ...["/handlers/t.sh", "t", "setup", "vpn"],
    ...['{"server":"vpn.example","port":16,"routes":["x","y"]}', "eth0"],
  ]);
  assert.equal(it.runs[0]?.folder, "/handlers");
  assert.deepEqual(
    [ipv4?.address, ipv4?.prefixLength, ipv4?.gateway, nameServers],
    ["198.51.100.2", 24, "198.51.100.1", ["198.51.100.53"]],
  );
});

test("a second update changes the settings, and a wrong one counts for nothing", async () => {
  const it = scene(onSetup((run) => run.print(`${up}\n`)));
  await it.session.setup(abortable().signal);
  it.runs[0]?.print(
    `${up.replace("100.2", "100.3")}\n{"action":0,"link-up":true,"ipaddr":[{"ipaddr":"1.2.3"}]}\nhello\n`,
  );
  await it.clock.settle();
  assert.deepEqual(it.told, ["changed 198.51.100.3"]);
});

test("a script that ends and leaves nothing running has failed, with what it said of it", async () => {
  const it = scene(
    onSetup((run) => {
      run.print(`{"action":3,"error":["NO_SERVER","vpn.example"]}\n`);
      run.exit(2);
    }),
  );
  await assert.rejects(it.session.setup(abortable().signal), /NO_SERVER vpn\.example \(its script ended \(exit 2\)/);
});

test("a script that is not there has failed, and names itself", async () => {
  const it = scene(() => {});
  const place = { script: "/handlers/none.sh", folder: "/handlers" };
  const missing = scriptHandler(description, place, {
    ...{ processes: it.processes, rtnl: it.kernel, teardowns: new Teardowns() },
  });
  const host = { clock: it.clock, log: silentLog, settingsChanged() {}, lost() {} };
  const session = missing.attach(
    { index: 3, name: "eth0", mac: "", mtu: 1500 },
    { interfaceName: "x", options: new Map() },
    host,
  );
  await assert.rejects(session.setup(abortable().signal), /none\.sh could not be started/);
});

test("a setup that is given up is terminated, killed after 1 s, and then torn down", async () => {
  const it = scene(onSetup((run) => run.onTerm(() => {})));
  const abort = abortable();
  const refused = assert.rejects(it.session.setup(abort.signal), /given up/);
  await it.clock.settle();
  abort.abort();
  const down = it.session.teardown({ force: false });
  await refused;
  await it.clock.settle();
  await it.clock.advance(999);
  assert.deepEqual(it.actions(), ["setup"]);
  await it.clock.advance(1);
  await down;
  assert.deepEqual(it.actions(), ["setup", "teardown"]);
});

test("a teardown that hangs is killed after 5 s", async () => {
  const it = scene((run) => {
    if (run.argv[2] === "setup") run.print(`${runTask}\n${up}\n`);
    if (run.argv[2] === "setup") run.exit(0);
    else run.onTerm(() => {});
  });
  await it.session.setup(abortable().signal);
  let isDown = false;
  const down = it.session.teardown({ force: false }).then(() => (isDown = true));
  await it.clock.settle();
  await it.clock.advance(4_999);
  assert.equal(isDown, false);
  await it.clock.advance(1);
  await down;
  assert.deepEqual(it.processes.list(), []);
});

test("the end of its program while it is up is a loss; the teardown learns the exit code, then it is set up anew", async () => {
  const it = scene(
    onSetup((run) => {
      run.print(`${runTask}\n${up}\n`);
      run.exit(0);
    }),
  );
  await it.session.setup(abortable().signal);
  it.runs.find(({ argv }) => argv[0] === "/task")?.exit(9);
  await it.clock.settle();
  assert.deepEqual(it.told, ["lost: its program ended (exit 9)"]);
  await it.session.setup(abortable().signal);
  assert.deepEqual(it.actions(), ["setup", "task", "teardown", "setup", "task"]);
  assert.equal(it.runs[2]?.environment.ERROR, "9");
  assert.equal(it.runs[3]?.environment.ERROR, undefined);
});

test("a forced teardown kills all at once, and the script undoes what it did", async () => {
  const it = scene(onSetup((run) => run.print(`${runTask}\n${up}\n`)));
  await it.session.setup(abortable().signal);
  for (const run of it.runs) run.onTerm(() => {});
  const down = it.session.teardown({ force: true });
  await it.clock.settle();
  assert.deepEqual(it.actions(), ["setup", "task", "teardown"]);
  await down;
  assert.deepEqual(it.processes.list(), []);
});

test("a failed setup is torn down by itself, and the next session of the interface waits for that", async () => {
  let end = () => {};
  const it = scene((run) => {
    if (run.argv[2] === "setup") run.exit(1);
    else end = () => run.exit(0);
  });
  await assert.rejects(it.session.setup(abortable().signal), /its script ended \(exit 1\)/);
  const second = assert.rejects(it.another().setup(abortable().signal), /its script ended/);
  await it.clock.settle();
  assert.deepEqual(it.actions(), ["setup", "teardown"]);
  end();
  await second;
  assert.deepEqual(it.actions(), ["setup", "teardown", "setup", "teardown"]);
});

test("a secret is not among the arguments, which every user can read, but in standard input", async () => {
  const [of = assert.fail()] = parseDump([`{"name":"t","config":[["server",3],["password",3],["private_key",3]]}`]);
  const values = new Map([
    ["server", ["a"]],
    ["password", ["b"]],
    ["private_key", ["c"]],
  ]);
  const whole = '{"server":"a","password":"b","private_key":"c"}';
  assert.deepEqual(configTexts(of, values), { open: '{"server":"a"}', whole });
  const it = scene(onSetup((run) => run.print(`${up}\n`)));
  await it.session.setup(abortable().signal);
  assert.equal(it.runs[0]?.input, '{"server":"vpn.example","port":16,"routes":["x","y"]}\n');
});

test("names of secrets in OpenWrt's handlers count, with a number behind them too", () => {
  const names = ["pincode", "password2", "token_secret", "updatekey", "passgroup_password", "api_token", "auth_pass"];
  const [of = assert.fail()] = parseDump([
    JSON.stringify({ name: "t", config: [...names, "pinned", "keyboard", "monkey"].map((name) => [name, 3]) }),
  ]);
  const { open } = configTexts(of, new Map([...of.options.keys()].map((name) => [name, ["x"]])));
  assert.equal(open, '{"pinned":"x","keyboard":"x","monkey":"x"}');
});

const upWith = (of: object) => {
  const line = JSON.stringify({ action: 0, "link-up": true, ipaddr: [{ ipaddr: "198.51.100.2", mask: 24 }], ...of });
  const notification = parseNotification(line);
  return notification.kind === "up" ? notification : assert.fail();
};

test("a route without a netmask is one to a host, as in netifd; a mask that is no number is none", () => {
  const { settings, leftOut } = upWith({
    routes: [
      { target: "203.0.113.7" },
      { target: "10.0.0.0", netmask: "8", gateway: "198.51.100.1" },
      { target: "10.0.0.0", netmask: "" },
    ],
    routes6: [{ target: "2001:DB8:0:0::7" }],
  });
  assert.deepEqual(settings.routes, [
    { destination: "203.0.113.7/32" },
    { destination: "10.0.0.0/8", gateway: "198.51.100.1" },
    { destination: "2001:db8::7/128" },
  ]);
  assert.deepEqual(leftOut, ["routes.netmask is not the length of a prefix"]);
  for (const mask of ["", " ", true, [], [24], "0x18", 24.5]) {
    assert.throws(() => upWith({ ipaddr: [{ ipaddr: "198.51.100.2", mask }] }), /ipaddr\.mask is not the length/);
  }
  for (const valid of ["", true, []]) {
    assert.throws(() => upWith({ ipaddr: [{ ipaddr: "198.51.100.2", valid }] }), /ipaddr\.valid is not a number/);
  }
});

test("a route, a name server or a domain that is none is left out, and the rest is used", () => {
  const { settings, leftOut } = upWith({
    dns: ["", "198.51.100.53", "fe80::1%eth0", "FE80::2", 7],
    dns_search: [null, "example.org"],
    routes: [{ target: "nowhere" }, "x", { target: "203.0.113.0", netmask: 24 }],
  });
  assert.deepEqual(settings.nameServers, ["198.51.100.53", "fe80::1%eth0", "fe80::2"]);
  assert.deepEqual(settings.searchDomains, ["example.org"]);
  assert.deepEqual(settings.routes, [{ destination: "203.0.113.0/24" }]);
  assert.equal(leftOut.length, 4);
  assert.throws(() => upWith({ dns: Array(300).fill("198.51.100.53") }), /dns is not a list/);
});

test("a route to everywhere names the gateway: netifd's scripts have no other way", () => {
  const ip6addr = [{ ipaddr: "2001:DB8::0:2", mask: "64" }];
  const routes = [{ target: "0.0.0.0", netmask: "0", gateway: "198.51.100.1" }];
  const { settings } = upWith({ ip6addr, routes, routes6: [{ target: "::", netmask: "0" }] });
  assert.deepEqual(settings.routes, []);
  assert.equal(settings.ipv4?.gateway, "198.51.100.1");
  assert.deepEqual([settings.ipv6?.address, settings.ipv6?.isAllOnLink], ["2001:db8::2", true]);
});

test("the end of the link that has the settings is a loss", async () => {
  const it = scene(
    onSetup((run) => run.print(`${runTask}\n${up.replace('"link-up"', '"ifname":"tun0","link-up"')}\n`)),
  );
  await it.kernel.start();
  const { index: tun } = it.kernel.addHardware({ name: "tun0" });
  it.kernel.addHardware({ name: "other" });
  assert.equal((await it.session.setup(abortable().signal)).layer3Link, tun);
  it.kernel.removeHardware("other");
  await it.clock.settle();
  assert.deepEqual(it.told, []);
  it.kernel.removeHardware("tun0");
  await it.clock.settle();
  assert.deepEqual(it.told, ["lost: its link tun0 is gone"]);
});

test("a link-local name server is one of the link", async () => {
  const it = scene(onSetup((run) => run.print(`${up.replace("198.51.100.53", "fe80::1")}\n`)));
  assert.deepEqual((await it.session.setup(abortable().signal)).nameServers, ["fe80::1%eth0"]);
});

test("renew runs after the setup script, and never in a teardown", async () => {
  const it = scene((run) => {
    if (run.argv[2] === "setup") run.print(`${runTask}\n${up}\n`);
    else run.exit(0);
  });
  await it.session.setup(abortable().signal);
  it.session.renew?.();
  assert.deepEqual(it.actions(), ["setup", "task"]);
  it.runs[0]?.exit(0);
  await it.clock.settle();
  assert.deepEqual(it.actions(), ["setup", "task", "renew"]);
  await it.session.teardown({ force: false });
  it.session.renew?.();
  assert.deepEqual(it.actions(), ["setup", "task", "renew", "teardown"]);
});

test("options are converted as the script declares them; what does not fit is dropped", () => {
  const rows: readonly [readonly string[], string][] = [
    [["1"], '{"secure":true}'],
    [["yes"], "{}"],
    [["0"], '{"secure":false}'],
  ];
  for (const [values, text] of rows) assert.equal(configTexts(description, new Map([["secure", values]])).open, text);
  assert.equal(configTexts(description, new Map([["port", ["12x"]]])).open, "{}");
  assert.equal(configTexts(description, new Map([["port", ["010"]]])).open, '{"port":8}');
});

test("of a dump that is none, the first of two names counts and the rest is refused by what is wrong", () => {
  assert.equal(parseDump([dump, dump.replace('"port",5', '"other",5')]).length, 1);
  assert.throws(() => parseDump(['{"name":"a b"}']), /name is no name/);
  assert.throws(() => parseDump(['{"name":"a","config":[["x",99]]}']), /a: \["x",99\] is no option/);
  assert.throws(() => parseDump(["{"]), /no JSON/);
});

test("no line makes a notification throw anything but a refusal", () => {
  const value = fc.oneof(fc.jsonValue(), fc.constantFrom("1.2.3.4", "::1", 24, "255.255.255.0", -1, []));
  const fields = fc.dictionary(
    fc.constantFrom("action", "link-up", "ipaddr", "ip6addr", "gateway", "routes", "dns", "command", "env", "error"),
    value,
  );
  fc.assert(
    fc.property(
      fc.oneof(
        anyText(),
        fields.map((of) => JSON.stringify({ action: 0, "link-up": true, ...of })),
      ),
      (line) => {
        try {
          parseNotification(line);
        } catch (error) {
          assert.match((error as Error).name, /DaemonError/, String(error));
        }
      },
    ),
    { numRuns: fuzzRuns },
  );
});
