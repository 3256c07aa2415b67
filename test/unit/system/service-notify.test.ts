import assert from "node:assert/strict";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { nativeAddon } from "../../../src/native/native.ts";
import { ServiceNotify } from "../../../src/system/service-notify.ts";
import { FakeClock } from "../../fakes/fake-clock.ts";
import { unixAddress } from "../../harness/unix-sockets.ts";
import { until } from "../../harness/until.ts";
import { temporaryFolder } from "./temporary-folder.ts";

/** The service manager's end: a bound datagram socket. */
function listen(t: TestContext, name: string) {
  const socket = nativeAddon().openSocket(1, 2, 0);
  socket.bind(unixAddress(name.replace(/^@/, "\0")));
  t.after(() => socket.close());
  return { socket, heard: () => socket.receive(100).map(({ data }) => data.toString()) };
}

const abstractName = () => `@fairlead-notify-${process.pid}-${Math.random()}`;

test("tells readiness and status over a path and over an abstract name", (t) => {
  for (const name of [join(temporaryFolder(t), "notify"), abstractName()]) {
    const { heard } = listen(t, name);
    const notify = new ServiceNotify({ clock: new FakeClock(), env: { NOTIFY_SOCKET: name } });
    assert.equal(notify.isWanted, true);
    notify.ready("3 links");
    notify.status("online");
    notify.stopping();
    assert.deepEqual(heard(), ["READY=1\nSTATUS=3 links", "STATUS=online", "STOPPING=1"]);
    notify.close();
  }
});

test("pats the watchdog at half its time, from readiness until closed", (t) => {
  const name = abstractName();
  const { heard } = listen(t, name);
  const clock = new FakeClock();
  const env = { NOTIFY_SOCKET: name, WATCHDOG_USEC: "20000000", WATCHDOG_PID: String(process.pid) };
  const notify = new ServiceNotify({ clock, env });
  clock.advance(60_000);
  assert.deepEqual(heard(), []);
  notify.ready();
  notify.ready();
  heard();
  clock.advance(30_000);
  assert.deepEqual(heard(), ["WATCHDOG=1", "WATCHDOG=1", "WATCHDOG=1"]);
  notify.stopping();
  clock.advance(10_000);
  assert.deepEqual(heard(), ["STOPPING=1", "WATCHDOG=1"]);
  notify.close();
  clock.advance(60_000);
  assert.deepEqual(heard(), []);
  assert.deepEqual(clock.pendingTimers(), []);
});

test("does not pat for another process, nor with a time that is none", () => {
  for (const watchdog of [
    { WATCHDOG_USEC: "1000000", WATCHDOG_PID: "1" },
    { WATCHDOG_USEC: "0" },
    { WATCHDOG_USEC: "soon" },
    {},
  ]) {
    const notify = new ServiceNotify({ clock: new FakeClock(), env: { NOTIFY_SOCKET: "@x", ...watchdog } });
    assert.equal(notify.watchdogMs, undefined);
  }
});

test("does nothing when the environment does not ask, or the name is no socket's", () => {
  const { sockets } = nativeAddon().openHandles();
  for (const NOTIFY_SOCKET of [undefined, "", "/", "@", "relative", "vsock:2:1234", `/${"x".repeat(200)}`, "/a\0b"]) {
    const clock = new FakeClock();
    const env = NOTIFY_SOCKET === undefined ? {} : { NOTIFY_SOCKET };
    const notify = new ServiceNotify({ clock, env: { ...env, WATCHDOG_USEC: "1000000" } });
    assert.equal(notify.isWanted, false, NOTIFY_SOCKET);
    notify.ready();
    notify.close();
    assert.deepEqual(clock.pendingTimers(), []);
  }
  assert.equal(nativeAddon().openHandles().sockets, sockets);
});

test("takes the variables out of the environment, so that children do not speak for us", () => {
  const env = { NOTIFY_SOCKET: "@x", WATCHDOG_USEC: "1", WATCHDOG_PID: "1", PATH: "/bin" };
  new ServiceNotify({ clock: new FakeClock(), env });
  assert.deepEqual(env, { PATH: "/bin" });
});

test("a status cannot smuggle in another assignment", (t) => {
  const name = abstractName();
  const { heard } = listen(t, name);
  new ServiceNotify({ clock: new FakeClock(), env: { NOTIFY_SOCKET: name } }).status("a\nREADY=1\r\nMAINPID=1");
  assert.deepEqual(heard(), ["STATUS=a READY=1 MAINPID=1"]);
});

test("a listener that is gone is survived, leaves nothing open, and is told in the log", () => {
  const { sockets } = nativeAddon().openHandles();
  const warnings: unknown[] = [];
  const log = { error() {}, warn: (message: unknown) => void warnings.push(message), info() {}, debug() {} };
  new ServiceNotify({ clock: new FakeClock(), env: { NOTIFY_SOCKET: "@fairlead-nobody" }, log }).ready();
  assert.deepEqual(warnings, ["service manager not told"]);
  assert.equal(nativeAddon().openHandles().sockets, sockets);
});

test("a listener that is busy hears it later", async (t) => {
  const name = abstractName();
  const { socket, heard } = listen(t, name);
  const { sockets } = nativeAddon().openHandles();
  const notify = new ServiceNotify({ clock: new FakeClock(), env: { NOTIFY_SOCKET: name } });
  for (let at = 0; at < 1000 && nativeAddon().openHandles().sockets === sockets; at++) notify.status(`${at}`);
  assert.equal(nativeAddon().openHandles().sockets, sockets + 1, "the queue never got full");
  notify.stopping();
  socket.receive(1000);
  const later: string[] = [];
  await until("the last was heard", () => later.push(...heard()) && later.includes("STOPPING=1"));
  assert.equal(nativeAddon().openHandles().sockets, sockets);
  notify.status("never read");
  notify.close();
});
