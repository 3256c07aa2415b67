import assert from "node:assert/strict";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ProcessClock } from "../../../../src/base/clock.ts";
import { silentLog } from "../../../../src/base/log.ts";
import { KernelRtnl } from "../../../../src/rtnl/kernel.ts";
import { KernelWireguard } from "../../../../src/rtnl/kernel-wireguard.ts";
import { wireguardCases } from "../../../contract/wireguard/wireguard-cases.ts";
import { run } from "../../../harness/namespace.ts";
import { until } from "../../../harness/until.ts";
import { patienceMs } from "../../guest/patience.ts";
import { type Scene, scenario } from "../../guest/scene.ts";

scenario("the kernel keeps the contract of the WireGuard port", async (scene) => {
  const world = await makeWorld(scene);
  for (const act of Object.values(wireguardCases)) await act(world);
});

scenario("two ends with each other's keys speak, and tell when they shook hands", async (scene) => {
  const { rtnl, wireguard } = await makeWorld(scene);
  const peer = scene.addPeer("server");
  scene.addCable("eth0", peer, "10.9.0.1/24");
  run("ip", ["address", "add", "10.9.0.2/24", "dev", "eth0"]);
  run("ip", ["link", "set", "eth0", "up"]);
  const [ours, theirs] = [makeKeys(), makeKeys()];
  peer.exec("ip", "link", "add", "wg0", "type", "wireguard");
  peer.exec("ip", "address", "add", "10.64.0.1/24", "dev", "wg0");
  const keyFile = join(mkdtempSync(join(tmpdir(), "wireguard-")), "key");
  writeFileSync(keyFile, theirs.private);
  const own = ["listen-port", "51820", "private-key", keyFile];
  peer.exec("wg", "set", "wg0", ...own, "peer", ours.public, "allowed-ips", "10.64.0.2/32");
  peer.exec("ip", "link", "set", "wg0", "up");

  await rtnl.request({ op: "add-link", link: { kind: "wireguard", name: "wg0" } });
  const link = rtnl.snapshot.linkByName("wg0")?.index ?? -1;
  const settings = { allowedIps: ["10.64.0.0/24"], endpoint: { address: "10.9.0.1", port: 51820 } };
  const publicKey = Buffer.from(theirs.public, "base64");
  await wireguard.configure(link, {
    privateKey: Buffer.from(ours.private, "base64"),
    peers: [{ publicKey, ...settings }],
  });
  run("ip", ["address", "add", "10.64.0.2/24", "dev", "wg0"]);
  run("ip", ["link", "set", "wg0", "up"]);
  await wireguard.greet(link, publicKey, undefined);
  const hasShaken = async () => (await wireguard.peers(link))[0]?.lastHandshakeMs !== undefined;
  await until("a greeting alone makes the ends shake hands", hasShaken, patienceMs);
  await scene.ping("10.64.0.1");
  const [state] = await wireguard.peers(link);
  assert.ok((state?.lastHandshakeMs ?? 0) > Date.UTC(2020, 0, 1), String(state?.lastHandshakeMs));
  assert.ok((state?.receivedBytes ?? 0n) > 0n && (state?.sentBytes ?? 0n) > 0n);
  assert.deepEqual(state?.endpoint, settings.endpoint);
});

async function makeWorld(scene: Scene) {
  const clock = new ProcessClock();
  const rtnl = new KernelRtnl({ clock, log: silentLog });
  await rtnl.start();
  const wireguard = new KernelWireguard(clock);
  scene.add(rtnl, { name: "rtnl", end: () => rtnl.close() });
  return scene.add({ rtnl, wireguard }, { name: "wireguard", end: () => wireguard.close() });
}

function makeKeys() {
  const own = run("wg", ["genkey"]).trim();
  return { private: own, public: run("wg", ["pubkey"], own).trim() };
}
