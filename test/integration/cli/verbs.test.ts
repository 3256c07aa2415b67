import assert from "node:assert/strict";
import { test } from "node:test";
import { run } from "../../harness/namespace.ts";
import { startProcess } from "../../harness/processes.ts";
import { patienceMs, until } from "../../harness/until.ts";
import { addLan, commandLine, fairlead, json, output, startDaemon, startFairlead } from "./support.ts";

const hasAddress = (link: string, address: string): boolean =>
  run("ip", ["-o", "-4", "address", "show", "dev", link]).includes(` ${address} `);

test("the verbs of a day: look, disconnect, connect, set an address, ask why", async (t) => {
  await addLan(t, "eth0", 0);
  await addLan(t, "eth1", 1);
  const daemon = await startDaemon(t);
  assert.match(output(daemon, "connect", "eth0", "--wait", "10"), /^Ethernet on eth0: (ready|online)\n$/);
  assert.match(output(daemon, "connect", "eth1", "--wait", "10"), /^Ethernet on eth1: (ready|online)\n$/);

  await t.test("status shows both cables with address, gateway and name server", () => {
    const status = output(daemon, "status");
    assert.match(status, /^(Online|Connected) through Ethernet on eth[01]/);
    assert.match(status, /^eth0 +carrier +10\.1\.0\.1\d\d\/24 +10\.1\.0\.1 +10\.1\.0\.53$/m);
    assert.match(status, /^eth1 +carrier +10\.1\.1\.1\d\d\/24 +10\.1\.1\.1 +10\.1\.1\.53$/m);
  });

  await t.test("a Priority changes the order, and why says so", async () => {
    output(daemon, "set", "eth1", "Priority", "5");
    await until("eth1 is the default", () => isDefault("eth1"));
    assert.match(
      output(daemon, "why"),
      /Ethernet on eth1 \(\w+\) comes before Ethernet on eth0: its Priority is larger \(5 over 0\)/,
    );
    output(daemon, "set", "eth1", "Priority", "--clear");
    assert.equal(output(daemon, "get", "eth1", "Priority"), "0\n");
  });

  await t.test("a disconnected Service stays so until it is connected again", () => {
    output(daemon, "disconnect", "eth1", "--wait", "5");
    assert.equal(output(daemon, "get", "eth1", "State"), "idle\n");
    assert.match(output(daemon, "why", "eth1"), /It does not connect by itself: it was disconnected by hand/);
    assert.match(output(daemon, "status"), /^! eth1 was disconnected and waits for you: fairlead connect eth1$/m);
    output(daemon, "connect", "eth1", "--wait", "10");
  });

  await t.test("disabled links are down in the kernel, also after a restart, until they are enabled", async () => {
    const isUp = () => /[<,]UP[,>]/.test(run("ip", ["-o", "link", "show", "dev", "eth1"]));
    assert.equal(output(daemon, "disable", "all"), "ethernet is disabled.\n");
    assert.equal(isUp(), false);
    await daemon.stop();
    await daemon.launch();
    assert.match(output(daemon, "status"), /^! eth1 is disabled\. Enable it: fairlead enable ethernet$/m);
    assert.equal(isUp(), false);
    output(daemon, "enable", "ethernet");
    for (const link of ["eth0", "eth1"]) output(daemon, "connect", link, "--wait", "10");
  });

  await t.test("an address given by hand is in force, and goes again", async () => {
    output(daemon, "set", "eth0", "StaticIPConfig", "address=10.1.0.77/24", "gateway=10.1.0.1", "dns=10.1.0.54");
    await until("the address is there", () => hasAddress("eth0", "10.1.0.77/24"));
    assert.match(output(daemon, "get", "eth0", "StaticIPConfig"), /^Address=10\.1\.0\.77\nPrefixlen=24\n/);
    assert.match(output(daemon, "why", "eth0"), /Its address 10\.1\.0\.77\/24 comes from StaticIPConfig/);
    await daemon.stop();
    await daemon.launch();
    assert.match(output(daemon, "get", "eth0", "StaticIPConfig"), /^Address=10\.1\.0\.77\n/);
    output(daemon, "set", "eth0", "StaticIPConfig", "--clear");
    await until("the address is gone", () => !hasAddress("eth0", "10.1.0.77/24"));
    await until("DHCP gave one", () => /10\.1\.0\.1\d\d\/24/.test(output(daemon, "status")));
  });

  await t.test("a refusal of the daemon ends with 1 and its error's name", () => {
    const { code, stderr } = fairlead(daemon, "connect", "eth0");
    assert.equal(code, 1);
    assert.match(stderr, /^fairlead: org\.chromium\.flimflam\.Error\.AlreadyConnected: /);
    assert.equal(fairlead(daemon, "set", "manager", "DHCPProperty.Hostname", "x".repeat(256)).code, 1);
    assert.equal(fairlead(daemon, "set", "eth0", "State", "online").code, 1);
    const ofNobody = fairlead(daemon, "set", "eth0", "StaticIPConfig", "address=10.1.0.0/24");
    assert.equal(ofNobody.code, 1);
    assert.match(
      ofNobody.stderr.replace(/\s+/g, " "),
      /InvalidArguments: .*10\.1\.0\.0 is that of the network 10\.1\.0\.0\/24/,
    );
    assert.equal(fairlead(daemon, "connect", "eth7").code, 2);
  });

  await t.test("every listing verb speaks JSON", () => {
    for (const verb of ["status", "services", "devices", "profiles", "why", "dump"])
      assert.equal(typeof json(daemon, verb), "object");
  });

  await t.test("without the daemon it ends with 3", async () => {
    await daemon.stop();
    const { code, stderr } = fairlead(daemon, "status");
    assert.deepEqual({ code, stderr }, { code: 3, stderr: "fairlead: the daemon is not running (fairleadd)\n" });
  });

  function isDefault(link: string): boolean {
    const { defaultService, services } = json(daemon, "status") as {
      defaultService: string;
      services: { path: string; link: string }[];
    };
    return services.some((service) => service.path === defaultService && service.link === link);
  }
});

test("a cable that is out: connect says so at once, --wait ends with 1", async (t) => {
  const cable = await addLan(t, "eth0", 0, false);
  const daemon = await startDaemon(t);
  assert.equal(output(daemon, "connect", "eth0"), "Ethernet on eth0: idle; nothing is plugged in or in range\n");
  const waited = fairlead(daemon, "connect", "eth0", "--wait", "5");
  assert.deepEqual([waited.code, waited.stderr], [1, "fairlead: idle: nothing is plugged in or in range\n"]);
  assert.match(output(daemon, "status"), /^Not connected[\s\S]*^eth0 +no carrier$[\s\S]*^! Nothing is plugged in/m);
  cable.plug();
  await until("it connects by itself", () => /^Connected|^Online/.test(output(daemon, "status")));
});

test("monitor tells a pulled cable and a restart of the daemon, and ends with 0 at Ctrl-C", async (t) => {
  const cable = await addLan(t, "eth0", 0);
  const daemon = await startDaemon(t);
  output(daemon, "connect", "eth0", "--wait", "10");
  const monitor = startFairlead(t, daemon, "monitor");
  const lines = startFairlead(t, daemon, "monitor", "--json");
  // It has no word for "ready": a change that it tells is one.
  let priority = 0;
  await until("both listen", () => {
    output(daemon, "set", "eth0", "Priority", String(++priority));
    return /Priority/.test(monitor.output()) && /Priority/.test(lines.output());
  });
  cable.unplug();
  await monitor.untilOutput(/eth0 +Ethernet\.LinkUp: true -> false/);
  await monitor.untilOutput(/Ethernet on eth0 +State: \w+ -> idle \(.+\)/);
  await daemon.kill();
  await monitor.untilOutput(/the daemon is gone; waiting for it/);
  await daemon.launch();
  await monitor.untilOutput(/the daemon is back/);
  const from = monitor.output().length;
  cable.plug();
  // Of two steps in one turn only the second is told: the gateway may answer before the question is shown.
  const step = /eth0 +addressing \(DHCP (asks whether [\d.]+ still holds|uses [\d.]+ again: its gateway .+)\)/;
  await monitor.untilOutput(step, patienceMs, from);
  await monitor.untilOutput(/State: \w+ -> (ready|online)/, patienceMs, from);
  for (const running of [monitor, lines]) {
    running.kill("SIGINT");
    assert.deepEqual(await running.waitExit(), { code: 0, signal: null });
  }
  for (const line of lines.output().trimEnd().split("\n")) assert.equal(typeof JSON.parse(line).kind, "string");
});

test("monitor ends quietly when its reader is gone", async (t) => {
  await addLan(t, "eth0", 0);
  const daemon = await startDaemon(t);
  output(daemon, "connect", "eth0", "--wait", "10");
  const quoted = [...commandLine(), "--bus-address", daemon.bus.address, "monitor"]
    .map((word) => `'${word}'`)
    .join(" ");
  const pipe = startProcess("bash", ["-c", `set -o pipefail; ${quoted} | head -n 1`]);
  t.after(() => pipe.end());
  let priority = 0;
  await until("head has seen enough", () => {
    output(daemon, "set", "eth0", "Priority", String(++priority));
    return /Priority/.test(pipe.output());
  });
  // The next line finds no reader at the other end.
  await until("the pipe has ended", () => {
    if (!pipe.isRunning) return true;
    output(daemon, "set", "eth0", "Priority", String(++priority));
    return false;
  });
  assert.deepEqual(pipe.ended, { code: 0, signal: null }, pipe.output());
});
