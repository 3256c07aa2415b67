import { readFileSync } from "node:fs";
import { test } from "node:test";
import { ProcessClock } from "../../../src/base/clock.ts";
import { KernelWakeOnLan } from "../../../src/rtnl/kernel-wake-on-lan.ts";
import { addCable, addPeer, requirePrivateNamespace } from "../../harness/namespace.ts";
import { wakeOnLanCases } from "./wake-on-lan-cases.ts";

requirePrivateNamespace();

for (const [name, act] of Object.entries(wakeOnLanCases)) {
  test(`kernel wake-on-lan: ${name}`, async (t) => {
    const peer = addPeer("waker");
    t.after(() => peer.remove());
    const cable = addCable("wol0", peer);
    t.after(() => cable.remove());
    const madeUp = Number(readFileSync("/sys/class/net/wol0/ifindex", "utf8"));
    await act({ wakeOnLan: new KernelWakeOnLan(new ProcessClock()), madeUp });
  });
}
