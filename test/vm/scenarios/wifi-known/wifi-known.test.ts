import assert from "node:assert/strict";
import type { TestDaemon } from "../../../harness/daemon.ts";
import { startPrivateBus } from "../../../harness/private-bus.ts";
import { run, tryRun } from "../../../harness/processes.ts";
import { until } from "../../../harness/until.ts";
import { wpa2 } from "../../guest/access-point.ts";
import { patienceMs } from "../../guest/patience.ts";
import { scenario } from "../../guest/scene.ts";

const passphrase = "a long passphrase";

scenario("known networks keep their own leases, and one that is out of range costs no connection", async (scene) => {
  const bus = await startPrivateBus();
  scene.add(bus, { name: "bus", end: () => bus.remove() });
  scene.start("env", [`DBUS_SYSTEM_BUS_ADDRESS=${bus.address}`, "wpa_supplicant", "-u", "-t"]);
  const cafe = await scene.startAccessPoint({ radio: 1, ssid: "Cafe", subnet: "10.21.0" });
  const home = await scene.startAccessPoint({ radio: 2, ssid: "Home", security: wpa2(passphrase), subnet: "10.22.0" });
  const daemon = await scene.startDaemon({ busAddress: bus.address });
  await until(
    "both are in range",
    async () => (await sees(daemon, "Cafe")) && (await sees(daemon, "Home")),
    patienceMs,
  );

  // Each network is asked for its own last address, and for no other's.
  for (const words of ["OFFER.*ACK", "ACK"]) {
    for (const [name, { dhcp }] of [["Cafe", cafe] as const, ["Home", home] as const]) {
      const before = dhcp.log().length;
      await join(daemon, name);
      const said = () => dhcp.log().slice(before);
      await until(`${name} gives or confirms a lease`, () => new RegExp(words, "s").test(said()), patienceMs);
      if (words === "ACK") assert.doesNotMatch(said(), /DHCPDISCOVER/, name);
      assert.doesNotMatch(dhcp.log(), /DHCPNAK/, name);
    }
  }

  // Lost, and joined again while its DHCP server is silent: its own gateway brings the address back.
  await home.dhcp.stop();
  await cafe.hostapd.end();
  await home.hostapd.end();
  await until("Home is lost", async () => (await stateOf(daemon, "Home")) === "idle", patienceMs);
  await home.restartAs({ ssid: "Home", security: wpa2(passphrase) });
  await join(daemon, "Home");
  await scene.ping(home.address, "wlan0");
  assert.doesNotMatch(daemon.log(), /no server answers; using/);

  // A known network that is out of range is looked for, and costs no connection.
  await until(
    "Cafe is heard no more",
    async () => {
      run(...fairlead(daemon, "scan"));
      return !(await sees(daemon, "Cafe"));
    },
    patienceMs,
  );
  const refused = tryRun(...fairlead(daemon, "connect", "Cafe", "--wait", "60"));
  assert.deepEqual([refused.code, /out-of-range: no access point of it is heard/.test(refused.stderr)], [1, true]);
  await scene.ping(home.address, "wlan0");
  const told = () => daemon.log().split("looking for it on wlan0, which keeps its connection")[1] ?? "";
  await until("the log tells of it", () => told().includes("out-of-range"), patienceMs);
  assert.doesNotMatch(told(), /another Service takes the link|associated on wlan0/);
});

const fairlead = (daemon: TestDaemon, ...args: string[]): [command: string, args: string[]] => [
  "env",
  [`DBUS_SYSTEM_BUS_ADDRESS=${daemon.busAddress}`, "bin/fairlead", ...args],
];
/** The passphrase of Home goes in by standard input. A handshake that takes too long on a busy machine is tried again. */
function join(daemon: TestDaemon, name: string): Promise<unknown> {
  const [command, args] = fairlead(daemon, "wifi", "connect", name, "--wait", "60");
  const [asked, key] = name === "Home" ? [[...args, "--ask"], passphrase] : [args, ""];
  return until(`${name} is joined`, () => tryRun(command, asked, key).code === 0, patienceMs);
}
const networkOf = async (daemon: TestDaemon, name: string) =>
  (await daemon.services()).find(({ Name }) => Name === name);
const sees = async (daemon: TestDaemon, name: string) => (await networkOf(daemon, name))?.Visible === true;
const stateOf = async (daemon: TestDaemon, name: string) => (await networkOf(daemon, name))?.State;
