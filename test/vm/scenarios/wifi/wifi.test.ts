import assert from "node:assert/strict";
import type { Properties, TestDaemon } from "../../../harness/daemon.ts";
import { startPrivateBus } from "../../../harness/private-bus.ts";
import { run, tryRun } from "../../../harness/processes.ts";
import { until } from "../../../harness/until.ts";
import { wpa2, wpa3 } from "../../guest/access-point.ts";
import { patienceMs } from "../../guest/patience.ts";
import { scenario } from "../../guest/scene.ts";

const passphrase = "a long passphrase";
const connected = ["ready", "online", "no-connectivity", "redirect-found"];

scenario("networks in the air are joined, remembered, and joined again by themselves", async (scene) => {
  const bus = await startPrivateBus();
  scene.add(bus, { name: "bus", end: () => bus.remove() });
  const startSupplicant = () =>
    scene.start("env", [`DBUS_SYSTEM_BUS_ADDRESS=${bus.address}`, "wpa_supplicant", "-u", "-t"]);
  let supplicant = startSupplicant();
  const cafe = await scene.startAccessPoint({ radio: 1, ssid: "Cafe", subnet: "10.21.0" });
  const home = await scene.startAccessPoint({ radio: 2, ssid: "Home", security: wpa2(passphrase), subnet: "10.22.0" });
  const office = await scene.startAccessPoint({
    radio: 3,
    ssid: "Office",
    security: wpa3(passphrase),
    subnet: "10.23.0",
  });
  const daemon = await scene.startDaemon({ busAddress: bus.address });
  const networks = await untilInRange(daemon, ["Cafe", "Home", "Office"]);
  assert.deepEqual(
    ["Cafe", "Home", "Office"].map((name) => networks.get(name)?.Security),
    ["none", "wpa2", "wpa3"],
  );

  // A wrong passphrase is told as such, on WPA2 and on WPA3.
  for (const name of ["Home", "Office"]) {
    assert.match(fails(daemon, name, "not the right one"), /bad-passphrase/, name);
  }

  // Each way in, and packets go through.
  for (const [name, point, key] of [
    ["Cafe", cafe, ""],
    ["Home", home, passphrase],
    ["Office", office, passphrase],
  ] as const) {
    joins(daemon, name, key);
    await scene.ping(point.address, "wlan0");
  }
  assert.doesNotMatch(daemon.log(), new RegExp(passphrase), "no secret in the log");

  // Kept over a restart of the daemon: the access point sees no new association.
  const associations = () => office.log().split("AP-STA-CONNECTED").length - 1;
  await until("the access point told of the first", () => associations() === 1, patienceMs);
  await daemon.process.end(patienceMs);
  await daemon.launch();
  assert.equal((await untilConnected(daemon)).Name, "Office");
  assert.equal(associations(), 1);

  // A supplicant that is killed, and a network that goes.
  supplicant.kill("SIGKILL");
  await supplicant.waitExit(patienceMs);
  supplicant = startSupplicant();
  const { Name } = await untilConnected(daemon);
  await scene.ping({ Cafe: cafe, Home: home, Office: office }[String(Name) as "Cafe"].address, "wlan0");

  // Another access point of the same network, and behind it another router: the lease is asked for again, and refused.
  joins(daemon, "Office", "");
  await cafe.restartAs({ ssid: "Office", security: wpa3(passphrase) });
  const [, bssid = ""] = /link\/ether (\S+)/.exec(cafe.peer.exec("ip", "link", "show", "dev", "wlan1")) ?? [];
  const roam = () => {
    run(...fairlead(daemon, "scan"));
    return tryRun("busctl", [`--address=${bus.address}`, ...roamCall, bssid]).code === 0;
  };
  await until("the supplicant hears the annex", roam, patienceMs);
  const addresses = () => run("ip", ["-4", "-oneline", "address", "show", "dev", "wlan0"]);
  await until("the address is one of the annex", () => addresses().includes("10.21.0."), patienceMs);
  assert.doesNotMatch(addresses(), /10\.23\.0/);
  assert.match(cafe.log(), /DHCPNAK/);
  await scene.ping(cafe.address, "wlan0");
  const { Name: name, State: state } = await untilConnected(daemon);
  assert.deepEqual([name, connected.includes(String(state))], ["Office", true]);
});

const wpa = "fi.w1.wpa_supplicant1";
const roamCall = ["call", wpa, "/fi/w1/wpa_supplicant1/Interfaces/0", `${wpa}.Interface`, "Roam", "s"];

const fairlead = (daemon: TestDaemon, ...args: string[]): [command: string, args: string[]] => [
  "env",
  [`DBUS_SYSTEM_BUS_ADDRESS=${daemon.busAddress}`, "bin/fairlead", ...args],
];
/** The passphrase goes in by standard input. */
function joins(daemon: TestDaemon, name: string, key: string): void {
  const [command, args] = fairlead(daemon, "wifi", "connect", name, "--wait", "60", ...(key === "" ? [] : ["--ask"]));
  run(command, args, key);
}
function fails(daemon: TestDaemon, name: string, key: string): string {
  try {
    joins(daemon, name, key);
  } catch (error) {
    return String(error);
  }
  throw new Error(`${name} was joined all the same`);
}

async function untilInRange(daemon: TestDaemon, names: readonly string[]): Promise<ReadonlyMap<string, Properties>> {
  const seen = async () => {
    const services = await daemon.services();
    const found = new Map(services.map((service) => [String(service.Name), service]));
    return names.every((name) => found.get(name)?.Visible === true) && found;
  };
  return until(`${names.join()} are in range`, seen, patienceMs);
}
async function untilConnected(daemon: TestDaemon): Promise<Properties> {
  const seen = async () => {
    const services = await daemon.services().catch(() => []);
    return services.find(({ Type, State }) => Type === "wifi" && connected.includes(String(State)));
  };
  return until("a network in the air is connected", seen, patienceMs);
}
