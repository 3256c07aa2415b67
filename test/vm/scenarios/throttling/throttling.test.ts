import assert from "node:assert/strict";
import type { TestDaemon } from "../../../harness/daemon.ts";
import { run } from "../../../harness/namespace.ts";
import { measureKbps } from "../../../harness/throughput.ts";
import { addLan, serviceOn, untilState } from "../../../integration/daemon/support.ts";
import { patienceMs } from "../../guest/patience.ts";
import { scenario } from "../../guest/scene.ts";

const qdiscs = () => run("tc", ["qdisc", "show", "dev", "eth0"]);
const throttle = (daemon: TestDaemon, ...args: [enabled: boolean, upload: number, download: number]) =>
  daemon.call("/", "org.chromium.flimflam.Manager", "SetNetworkThrottlingStatus", "buu", args);

scenario("each direction is as slow as it was asked to be, also after the daemon's end", async (scene) => {
  const { t } = scene;
  const { peer } = await addLan(t, "router");
  const daemon = await scene.startDaemon();
  await untilState(daemon, "eth0", "ready", patienceMs);
  const before = qdiscs();
  const address = /inet (\S+)\//.exec(run("ip", ["-4", "address", "show", "dev", "eth0"]))?.[1] ?? "";
  const download = (bytes: number) => measureKbps(t, { from: peer, to: undefined, address, bytes });
  const upload = (bytes: number) => measureKbps(t, { from: undefined, to: peer, address: "10.1.0.1", bytes });

  await throttle(daemon, true, 4_000, 2_000);
  assert.match(qdiscs(), /tbf 6661: root.*rate 4Mbit/);
  assert.match(qdiscs(), /ingress ffff: .*ingress_block/);
  const [down, up] = [await download(1_500_000), await upload(1_500_000)];
  // The packets that pass at once after a pause are the first tenth of it.
  assert.ok(down < 2_600, `${down} kbit/s down of 2000`);
  assert.ok(up < 5_000, `${up} kbit/s up of 4000`);
  assert.ok(up > down, `${up} kbit/s up, ${down} down`);
  await throttle(daemon, false, 0, 0);
  assert.equal(qdiscs(), before);
  const fast = await download(1_500_000);
  assert.ok(fast > 3 * down, `${fast} kbit/s without a limit, ${down} with one`);
  t.diagnostic(`kbit/s: ${Math.round(down)} of 2000 down, ${Math.round(up)} of 4000 up, ${Math.round(fast)} unlimited`);

  await throttle(daemon, true, 0, 2_000);
  await daemon.kill();
  assert.match(qdiscs(), /ingress_block/);
  await daemon.launch();
  await untilState(daemon, "eth0", "ready", patienceMs);
  assert.equal(qdiscs(), before);

  // Another program's filters stay, and their link is not limited.
  run("tc", ["qdisc", "add", "dev", "eth0", "ingress"]);
  const foreign = qdiscs();
  await assert.rejects(throttle(daemon, true, 1_000, 1_000), /somebody else/);
  assert.equal(qdiscs(), foreign);
  assert.equal((await serviceOn(daemon, "eth0"))?.State, "ready");
});
