import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { test } from "node:test";
import { Worker } from "node:worker_threads";
import { nativeAddon } from "../../../src/native/native.ts";
import { prelude, runChild } from "../../harness/native-child.ts";

/** Opens a bit of everything, in use, and leaves it so. */
const untidy = `
  const { receiver, sender } = datagramPair();
  receiver.start({ onMessage() {}, onError() {} });
  sender.send(Buffer.from("x"));
  datagramPair();
  const timer = native.openTimer(() => {});
  timer.arm(native.bootTimeMs() + 60000);
  native.openTimer(() => {});
  const closed = datagramPair();
  closed.receiver.start({ onMessage() {}, onError() {} });
  closed.receiver.close();
  const { parentPort } = require("node:worker_threads");
`;

const openFds = () => readdirSync("/proc/self/fd").filter((name) => Number(name) > 2).length;

async function runWorker(script: string, onMessage: (worker: Worker) => void = () => {}): Promise<number> {
  const worker = new Worker(prelude + untidy + script, { eval: true });
  worker.on("message", () => onMessage(worker));
  return new Promise((resolve, reject) => {
    worker.once("error", reject);
    worker.once("exit", resolve);
  });
}

test("a worker that ends with open sockets and timers takes them along", async () => {
  await runWorker("process.exit(0)");
  const fds = openFds();
  const before = nativeAddon().openHandles();
  for (let at = 0; at < 5; at++) assert.equal(await runWorker("process.exit(3)"), 3);
  assert.equal(openFds(), fds);
  assert.deepEqual(nativeAddon().openHandles(), before);
});

test("a worker that is terminated from outside does too, even while its listeners run", async () => {
  const busy = `
    receiver.start({ onMessage() { sender.send(Buffer.from("again")); }, onError() {} });
    sender.send(Buffer.from("x"));
    parentPort.postMessage("ready");
  `;
  await runWorker(busy, (worker) => void worker.terminate());
  const fds = openFds();
  for (let at = 0; at < 5; at++) await runWorker(busy, (worker) => void worker.terminate());
  assert.equal(openFds(), fds);
});

test("a worker that ends by itself does not wait for what may not keep it alive", async () => {
  assert.equal(await runWorker("receiver.setKeepAlive(false); timer.close();"), 0);
});

test("the counts of one thread do not show in another", async () => {
  const before = nativeAddon().openHandles();
  await runWorker("parentPort.postMessage('ready')", (worker) => {
    assert.deepEqual(nativeAddon().openHandles(), before);
    void worker.terminate();
  });
});

test("the process may exit at any time with everything open", () => {
  for (const end of ["process.exit(0)", "receiver.start({ onMessage() { process.exit(0) }, onError() {} })"]) {
    const { status, signal, stderr } = runChild(`${untidy} ${end}`);
    assert.deepEqual({ status, signal, stderr }, { status: 0, signal: null, stderr: "" }, end);
  }
});
