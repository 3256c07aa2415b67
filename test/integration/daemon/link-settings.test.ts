/** Kernel settings of a link that a run of the daemon changed, and that the next one gives back. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { until } from "../../harness/until.ts";
import { addLan, startDaemon, untilState } from "./support.ts";

const names = ["ipv4/arp_ignore", "ipv4/arp_announce", "ipv6/accept_ra", "ipv6/use_tempaddr"] as const;
function settingsOf(link: string): readonly string[] {
  return names.map((path) => {
    const [family, name] = path.split("/");
    return `${name}=${readFileSync(`/proc/sys/net/${family}/conf/${link}/${name}`, "utf8").trim()}`;
  });
}

test("after a crash the next run gives the link back as the first one found it", async (t) => {
  await addLan(t, "router");
  const before = settingsOf("eth0");
  const daemon = await startDaemon(t);
  await untilState(daemon, "eth0", "ready");
  const managed = settingsOf("eth0");
  for (const [at, setting] of managed.entries()) assert.notEqual(setting, before[at]);
  await daemon.kill();
  assert.deepEqual(settingsOf("eth0"), managed);
  await daemon.launch();
  await untilState(daemon, "eth0", "ready");
  assert.deepEqual(settingsOf("eth0"), managed);
  await daemon.call("/device/eth0", "org.chromium.flimflam.Device", "Disable");
  await until("the settings are given back", () => settingsOf("eth0").join() === before.join());
});

test("a link that the next run leaves to others is given back at its start", async (t) => {
  await addLan(t, "router");
  const before = settingsOf("eth0");
  const daemon = await startDaemon(t);
  await untilState(daemon, "eth0", "ready");
  await daemon.kill();
  await daemon.launch(["--block", "eth0"]);
  await until("the settings are given back", () => settingsOf("eth0").join() === before.join());
});
