/** A process with CAP_NET_ADMIN sends messages that look like the kernel's own. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { ProcessClock } from "../../../src/base/clock.ts";
import { silentLog } from "../../../src/base/log.ts";
import { nativeAddon } from "../../../src/native/native.ts";
import { KernelRtnl } from "../../../src/rtnl/kernel.ts";
import { requirePrivateNamespace } from "../../harness/namespace.ts";
import { until } from "../../harness/until.ts";

requirePrivateNamespace();

/** Ports of all route sockets of this namespace; the kernel's own is 0. */
function routePorts(): number[] {
  const lines = readFileSync("/proc/net/netlink", "utf8").split("\n").slice(1);
  const sockets = lines.map((line) => line.trim().split(/\s+/));
  return sockets.filter(([, protocol, port]) => protocol === "0" && port !== "0").map(([, , port]) => Number(port));
}

function sockaddr(port: number): Buffer {
  const address = Buffer.alloc(12);
  address.writeUInt16LE(16, 0);
  address.writeUInt32LE(port, 4);
  return address;
}

/** RTM_DELLINK of link 1, with its name. */
function forgedRemoval(): Buffer {
  const message = Buffer.alloc(16 + 16 + 8);
  message.writeUInt32LE(message.length, 0);
  message.writeUInt16LE(17, 4);
  message.writeInt32LE(1, 20);
  message.writeUInt16LE(7, 32);
  message.writeUInt16LE(3, 34);
  message.write("lo", 36, "latin1");
  return message;
}

test("news that another process forges are counted and not believed", async (t) => {
  const rtnl = new KernelRtnl({ clock: new ProcessClock(), log: silentLog });
  t.after(() => rtnl.close());
  await rtnl.start();
  const forger = nativeAddon().openSocket(16, 3, 0);
  t.after(() => forger.close());
  const ports = routePorts();
  assert.ok(ports.length >= 2, "both sockets of the port are listed");
  for (const port of ports) forger.send(forgedRemoval(), { address: sockaddr(port) });
  await until("the forgery has arrived", () => rtnl.counters.spoofed >= 1);
  // The other one waits in the request socket and is met by the next answer.
  await rtnl.request({ op: "set-link", link: 1, change: { mtu: 65000 } });
  assert.equal(rtnl.counters.spoofed, 2);
  assert.equal(rtnl.snapshot.linkByName("lo")?.mtu, 65000);
});

test("a port that is closed leaves no socket behind", async () => {
  const before = nativeAddon().openHandles().sockets;
  for (let n = 0; n < 50; n++) {
    const rtnl = new KernelRtnl({ clock: new ProcessClock(), log: silentLog });
    await rtnl.start();
    rtnl.close();
  }
  assert.equal(nativeAddon().openHandles().sockets, before);
});
