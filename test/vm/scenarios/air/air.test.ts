import assert from "node:assert/strict";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run } from "../../../harness/namespace.ts";
import { until } from "../../../harness/until.ts";
import { wpa2 } from "../../guest/access-point.ts";
import { patienceMs } from "../../guest/patience.ts";
import { scenario } from "../../guest/scene.ts";

scenario("a station associates over WPA2 and gets a lease, with no daemon of ours", async (scene) => {
  const point = await scene.startAccessPoint({
    radio: 1,
    ssid: "Home",
    security: wpa2("a long passphrase"),
    subnet: "10.20.0",
  });
  const folder = mkdtempSync(join(tmpdir(), "supplicant-"));
  const network = 'network={\n  ssid="Home"\n  psk="a long passphrase"\n}\n';
  writeFileSync(join(folder, "conf"), `ctrl_interface=${folder}/control\ncountry=DE\n${network}`);
  const supplicant = scene.start("wpa_supplicant", ["-i", "wlan0", "-c", join(folder, "conf")]);
  await supplicant.untilOutput(/CTRL-EVENT-CONNECTED/, patienceMs);

  const client = scene.start("busybox", ["udhcpc", "-f", "-i", "wlan0", "-s", "/bin/true"]);
  const [, address = ""] = await client.untilOutput(/lease of (\S+) obtained/, patienceMs);
  assert.match(address, /^10\.20\.0\.1\d\d$/);
  run("ip", ["address", "add", `${address}/24`, "dev", "wlan0"]);
  await scene.ping(point.address, "wlan0");
  assert.match(point.dhcp.leases(), new RegExp(`02:00:00:00:00:00 ${address}`));

  // WiFi Devices are made from the radio's own facts.
  const signal = () => /signal: (-\d+) dBm/.exec(run("iw", ["dev", "wlan0", "link"]))?.[1];
  assert.ok(Number(await until("the station knows its signal", signal, patienceMs)) < 0);
  assert.match(run("iw", ["dev", "wlan0", "info"]), /type managed/);
});
