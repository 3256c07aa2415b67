import assert from "node:assert/strict";
import { run } from "../../../harness/processes.ts";
import { until } from "../../../harness/until.ts";
import { wpa2 } from "../../guest/access-point.ts";
import { patienceMs } from "../../guest/patience.ts";
import { scenario } from "../../guest/scene.ts";

const passphrase = "a long passphrase";

scenario(
  "the unit's user drives the supplicant, which the bus starts, and joins again after a restart",
  async (scene) => {
    const daemon = await scene.installDaemon();
    run("systemctl", ["unmask", "wpa_supplicant.service"]);
    const home = await scene.startAccessPoint({
      radio: 1,
      ssid: "Home",
      security: wpa2(passphrase),
      subnet: "10.22.0",
    });
    daemon.systemctl("start", daemon.unit);
    const network = async () => (await daemon.services().catch(() => [])).find(({ Name }) => Name === "Home");
    await until("the network is in range", async () => (await network())?.Visible === true, patienceMs);
    run("/usr/local/bin/fairlead", ["wifi", "connect", "Home", "--ask", "--wait", "60"], passphrase);
    await scene.ping(home.address, "wlan0");

    daemon.systemctl("restart", daemon.unit);
    const connected = ["ready", "online", "no-connectivity", "redirect-found"];
    await until("it is joined again", async () => connected.includes(String((await network())?.State)), patienceMs);
    await scene.ping(home.address, "wlan0");
    assert.doesNotMatch(run("journalctl", ["--boot", "--unit=dbus.service"]), /Rejected send message.*wpa_supplicant/);
    assert.doesNotMatch(run("journalctl", ["--boot"]), new RegExp(passphrase));
  },
);
