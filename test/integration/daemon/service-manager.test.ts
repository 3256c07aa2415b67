import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { BusClient } from "../../harness/bus-client.ts";
import { busName, startDaemonProcess } from "../../harness/daemon.ts";
import { startPrivateBus } from "../../harness/private-bus.ts";
import type { ManagedProcess } from "../../harness/processes.ts";
import { until } from "../../harness/until.ts";
import { startPython } from "./support.ts";

/** Prints a program's messages to systemd. */
async function serviceManager(t: TestContext): Promise<{ readonly socket: string; readonly heard: ManagedProcess }> {
  const folder = mkdtempSync(join(tmpdir(), "fairlead-notify-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const socket = join(folder, "notify");
  return { socket, heard: await startPython(t, listener, [socket]) };
}
const listener = `
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
print("ready")
while True: print(s.recv(4096).decode())
`;

test("systemd hears READY when the name is ours, keep-alives while it runs, and STOPPING", async (t) => {
  const { socket, heard } = await serviceManager(t);
  const bus = await startPrivateBus();
  t.after(() => bus.remove());
  const client = await BusClient.connect(bus.address);
  t.after(() => client.close());
  const folder = join(socket, "..");
  const folders = ["--state-dir", join(folder, "state"), "--run-dir", join(folder, "run")];
  // The bus by its usual variable, as a system service has it.
  const env = { NOTIFY_SOCKET: socket, WATCHDOG_USEC: "300000", DBUS_SYSTEM_BUS_ADDRESS: bus.address };
  const daemon = startDaemonProcess(folders, [], env);
  t.after(() => daemon.end());
  await heard.untilOutput(/^READY=1$/m, 10_000);
  assert.ok(await client.ownerOf(busName));
  await until("two keep-alives came", () => (heard.output().match(/^WATCHDOG=1$/gm)?.length ?? 0) >= 2);
  daemon.kill("SIGTERM");
  await heard.untilOutput(/^STOPPING=1$/m);
  assert.equal((await daemon.waitExit()).code, 0);
});

test("a service manager that is not there does not prevent the start", async (t) => {
  const bus = await startPrivateBus();
  t.after(() => bus.remove());
  const client = await BusClient.connect(bus.address);
  t.after(() => client.close());
  const folder = mkdtempSync(join(tmpdir(), "fairlead-notify-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const args = ["--bus-address", bus.address, "--state-dir", join(folder, "state"), "--run-dir", join(folder, "run")];
  const daemon = startDaemonProcess([], args, { NOTIFY_SOCKET: "/nowhere/notify", WATCHDOG_USEC: "nonsense" });
  t.after(() => daemon.end());
  await until("the name is ours", () => client.ownerOf(busName), 10_000);
  daemon.kill("SIGTERM");
  assert.equal((await daemon.waitExit()).code, 0);
});
