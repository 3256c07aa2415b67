import assert from "node:assert/strict";
import { test } from "node:test";
import type { NodeWifiRequest } from "../../../src/supplicant/node-wifi/node-wifi.ts";
import { NodeWifiChild } from "../../../src/supplicant/node-wifi/node-wifi-child.ts";
import type { StartWorker, WorkerObserver, WorkerOrder } from "../../../src/system/worker-process.ts";
import { FakeClock } from "../../fakes/fake-clock.ts";
import { RecordingLog } from "../../fakes/recording-log.ts";

interface Started {
  readonly order: WorkerOrder;
  readonly observer: WorkerObserver;
  readonly sent: NodeWifiRequest[];
}

function scene() {
  const clock = new FakeClock();
  const log = new RecordingLog();
  const started: Started[] = [];
  const start: StartWorker = (order, observer) => {
    const sent: NodeWifiRequest[] = [];
    started.push({ order, observer, sent });
    return {
      pid: started.length,
      send: (message) => void sent.push(message as NodeWifiRequest),
      kill: () => observer.ended("signal SIGKILL"),
    };
  };
  const child = new NodeWifiChild({ clock, log, start, module: "/worker.cjs", busAddress: "unix:path=/bus" });
  return { clock, log, started, child };
}

test("the process comes with the first order, knows the bus, and has nothing else of the daemon's environment", async () => {
  const { child, started } = scene();
  assert.equal(started.length, 0);
  const listed = child.list("wlan0", true);
  const [{ order, observer, sent } = assert.fail()] = started;
  assert.deepEqual(Object.keys(order.environment), ["PATH", "LC_ALL", "DBUS_SYSTEM_BUS_ADDRESS"]);
  assert.deepEqual(sent, [{ id: 1, method: "list", args: ["wlan0", true] }]);
  observer.message({ id: 1, result: [] });
  assert.deepEqual(await listed, []);
  child.close();
});

test("a refusal keeps its code", async () => {
  const { child, started } = scene();
  const prepared = child.prepare("wlan0", { ssid: "ff", keyManagement: "wpa-psk" });
  started[0]?.observer.message({ id: 1, error: { code: "NotSupported", message: "no name in UTF-8" } });
  await assert.rejects(prepared, { code: "NotSupported", message: "no name in UTF-8" });
  child.close();
});

test("its death is told to those who wait and in the log, and it is started again after pauses that grow", async () => {
  const { child, clock, log, started } = scene();
  const listed = child.list("wlan0", false);
  started[0]?.observer.ended("signal SIGKILL");
  await assert.rejects(listed, { code: "Failure", message: /ended: signal SIGKILL/ });
  assert.match(log.messages("warn").join("\n"), /ended: signal SIGKILL; it is started again in 1 s/);
  await assert.rejects(child.list("wlan0", false), { code: "Failure", message: /started again in 1 s/ });
  clock.advance(1000);
  assert.equal(started.length, 2);
  for (const pauseMs of [2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000]) {
    const before: number = started.length;
    started.at(-1)?.observer.ended("exit code 1");
    clock.advance(pauseMs - 1);
    assert.equal(started.length, before);
    clock.advance(1);
    assert.equal(started.length, before + 1, String(pauseMs));
  }
  // One that lived for long is no sign of a fault that stays.
  clock.advance(60_000);
  started.at(-1)?.observer.ended("exit code 1");
  const before = started.length;
  clock.advance(1000);
  assert.equal(started.length, before + 1);
  child.close();
});

test("closed, it is ended and stays so", async () => {
  const { child, clock, started } = scene();
  child.list("wlan0", false).catch(() => {});
  child.close();
  clock.advance(120_000);
  assert.equal(started.length, 1);
  await assert.rejects(child.list("wlan0", false), { code: "Failure" });
});
