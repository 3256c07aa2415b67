import assert from "node:assert/strict";
import { readdirSync, writeSync } from "node:fs";
import { type TestContext, test } from "node:test";
import { ProcessClock } from "../../../src/base/clock.ts";
import { callForDescriptor } from "../../../src/bus/session/descriptor-call.ts";
import { nativeAddon } from "../../../src/native/native.ts";
import { requirePrivateNamespace } from "../../harness/namespace.ts";
import { startProcess } from "../../harness/processes.ts";
import { connect, privateBus } from "./support.ts";

requirePrivateNamespace();

/** Answers with descriptors in every way but the right one, and with one in the right way. */
const service = `
import os, dbus, dbus.service, dbus.mainloop.glib
from gi.repository import GLib
def fd():
    ours, theirs = os.pipe()
    os.close(ours)
    result = dbus.types.UnixFd(theirs)
    os.close(theirs)
    return result
class Thing(dbus.service.Object):
    @dbus.service.method("a.b", out_signature="h")
    def One(self): return fd()
    @dbus.service.method("a.b", out_signature="hh")
    def Two(self): return fd(), fd()
    @dbus.service.method("a.b", out_signature="ah")
    def List(self): return [fd() for _ in range(16)]
    @dbus.service.method("a.b", out_signature="sh")
    def Hidden(self): return "x", fd()
    @dbus.service.method("a.b", out_signature="s")
    def Text(self): return "no descriptor"
    @dbus.service.method("a.b", out_signature="h", async_callbacks=("ok", "no"))
    def Never(self, ok, no): pass
    @dbus.service.method("a.b", in_signature="s")
    def Throw(self, to):
        message = dbus.lowlevel.SignalMessage("/", "a.b", "S")
        message.set_destination(to)
        message.append(fd(), signature="h")
        self._connection.send_message(message)
dbus.mainloop.glib.DBusGMainLoop(set_as_default=True)
bus = dbus.bus.BusConnection(os.environ["DBUS_SYSTEM_BUS_ADDRESS"])
thing = Thing(bus, "/")
name = dbus.service.BusName("a.b", bus)
print("ready", flush=True)
GLib.MainLoop().run()
`;

async function start(t: TestContext) {
  const { address } = await privateBus(t);
  const env = { ...process.env, DBUS_SYSTEM_BUS_ADDRESS: address };
  const running = startProcess("/usr/bin/python3", ["-u", "-c", service], { env });
  t.after(() => running.end());
  await running.untilOutput(/^ready$/m, 15_000);
  const clock = new ProcessClock();
  const call = (member: string, timeoutMs = 5000) =>
    callForDescriptor({ destination: "a.b", path: "/", interface: "a.b", member, timeoutMs }, { address, clock });
  return { address, clock, call };
}
const openDescriptors = () => readdirSync("/proc/self/fd").length;

test("a descriptor comes, is ours, and works", async (t) => {
  const { call, clock } = await start(t);
  const before = openDescriptors();
  const descriptor = await call("One");
  assert.throws(() => writeSync(descriptor, "x"), { code: "EPIPE" });
  nativeAddon().closeFd(descriptor);
  assert.deepEqual([openDescriptors(), clock.pendingTimers()], [before, []]);
});

test("an answer of another kind is refused, and none of its descriptors stays open", async (t) => {
  const { call, address, clock } = await start(t);
  const before = openDescriptors();
  for (const member of ["Two", "List", "Hidden", "Text"])
    await assert.rejects(call(member), { name: "BusError" }, member);
  await assert.rejects(call("Never", 100), { busName: "org.freedesktop.DBus.Error.NoReply" });
  await assert.rejects(call("Gone"), { busName: "org.freedesktop.DBus.Error.UnknownMethod" });
  const nowhere = { destination: "a.b", path: "/", interface: "a.b", member: "One" };
  await assert.rejects(callForDescriptor(nowhere, { address: "unix:path=/run/nowhere", clock }), { name: "BusError" });
  nativeAddon().closeFd(await callForDescriptor(nowhere, { address, clock }));
  assert.deepEqual([openDescriptors(), clock.pendingTimers()], [before, []]);
});

test("the connection that lives long takes no descriptors: the bus delivers none to it", async (t) => {
  const { address } = await start(t);
  const client = await connect(t, address);
  const before = openDescriptors();
  const to = client.uniqueName ?? "";
  for (let round = 0; round < 20; round++) {
    await client.call({ destination: "a.b", path: "/", interface: "a.b", member: "Throw", signature: "s", args: [to] });
  }
  assert.equal(openDescriptors(), before);
});
