import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { test } from "node:test";
import { nativeAddon } from "../../../src/native/native.ts";
import { runChild } from "../../harness/native-child.ts";
import * as unix from "../../harness/unix-sockets.ts";
import { datagramPair, startQuietly } from "../../harness/unix-sockets.ts";
import { until } from "../../harness/until.ts";

const turn = () => new Promise((resolve) => setImmediate(resolve));
const openFds = () => readdirSync("/proc/self/fd").length;

test("closing twice, and everything after closing, is refused by name or harmless", () => {
  const { receiver, close } = datagramPair();
  const { sockets } = nativeAddon().openHandles();
  assert.ok(receiver.fd > 2);
  receiver.close();
  receiver.close();
  assert.equal(receiver.fd, -1);
  assert.equal(nativeAddon().openHandles().sockets, sockets - 1);
  receiver.stop();
  receiver.setKeepAlive(false);
  const after = [
    () => receiver.bind(Buffer.alloc(2)),
    () => receiver.connect(Buffer.alloc(2)),
    () => receiver.localAddress(),
    () => receiver.setOption(1, 1, 1),
    () => receiver.getOption(1, 1, 4),
    () => receiver.attachFilter(new Uint8Array(8)),
    () => receiver.send(Buffer.alloc(1)),
    () => receiver.receive(1),
    () => receiver.start({ onMessage() {}, onError() {} }),
  ];
  for (const use of after) assert.throws(use, { code: "EBADF" });
  close();
});

test("closing inside onMessage ends the delivery at once", async () => {
  const { receiver, sender, close } = datagramPair();
  for (let at = 0; at < 5; at++) sender.send(Buffer.from([at]));
  let count = 0;
  startQuietly(receiver, () => {
    count++;
    receiver.close();
  });
  await until("one came", () => count > 0);
  await turn();
  await turn();
  assert.equal(count, 1);
  close();
});

test("a new socket with the number of one closed in a callback hears only its own messages", async () => {
  const { receiver, sender, close } = datagramPair();
  const heard: string[] = [];
  sender.send(Buffer.from("old"));
  let second: ReturnType<typeof datagramPair> | undefined;
  startQuietly(receiver, ({ data }) => {
    heard.push(data.toString());
    receiver.close();
    second = datagramPair();
    startQuietly(second.receiver, (message) => heard.push(message.data.toString()));
    second.sender.send(Buffer.from("new"));
  });
  await until("both came", () => heard.length === 2);
  assert.deepEqual(heard, ["old", "new"]);
  second?.close();
  close();
});

test("stopping and starting anew inside onMessage changes the listener for the next message", async () => {
  const { receiver, sender, close } = datagramPair();
  const heard: string[] = [];
  for (const text of ["a", "b", "c"]) sender.send(Buffer.from(text));
  startQuietly(receiver, ({ data }) => {
    heard.push(`first ${data}`);
    receiver.stop();
    startQuietly(receiver, (message) => heard.push(`second ${message.data}`));
  });
  await until("all came", () => heard.length === 3);
  assert.deepEqual(heard, ["first a", "second b", "second c"]);
  close();
});

test("a stopped socket hears nothing until it is started again, and then what waited", async () => {
  const { receiver, sender, close } = datagramPair();
  const heard: string[] = [];
  const listen = () => startQuietly(receiver, ({ data }) => heard.push(data.toString()));
  listen();
  receiver.stop();
  sender.send(Buffer.from("waited"));
  await turn();
  await turn();
  assert.deepEqual(heard, []);
  listen();
  await until("it came", () => heard.length > 0);
  close();
});

test("a flood does not starve other events: at most 64 messages a turn", async () => {
  const { receiver, sender, close } = datagramPair();
  let sent = 0;
  while (sent < 1000 && sender.send(Buffer.from([1]))) sent++;
  let received = 0;
  let mostInOneTurn = 0;
  let inThisTurn = 0;
  startQuietly(receiver, () => {
    if (inThisTurn++ === 0) setImmediate(() => (inThisTurn = 0));
    mostInOneTurn = Math.max(mostInOneTurn, inThisTurn);
    received++;
  });
  while (received < sent) await turn();
  assert.ok(sent > 64 || mostInOneTurn <= sent);
  assert.ok(mostInOneTurn <= 64, `${mostInOneTurn} in one turn`);
  close();
});

test("ten thousand sockets and timers leave no descriptor and hardly any memory behind", async () => {
  const native = nativeAddon();
  const batch = () => {
    const open = Array.from({ length: 100 }, () => native.openSocket(unix.AF_UNIX, unix.SOCK_DGRAM, 0));
    const timers = Array.from({ length: 100 }, () => native.openTimer(() => {}));
    for (const socket of open) socket.start({ onMessage() {}, onError() {} });
    for (const timer of timers) timer.arm(native.bootTimeMs() + 60_000);
    for (const handle of [...open, ...timers]) handle.close();
  };
  for (let at = 0; at < 20; at++) batch();
  await turn();
  const fds = openFds();
  const before = native.openHandles();
  const { rss } = process.memoryUsage();
  for (let at = 0; at < 100; at++) {
    batch();
    await turn();
  }
  assert.deepEqual(native.openHandles(), before);
  assert.equal(openFds(), fds);
  const grown = process.memoryUsage().rss - rss;
  assert.ok(grown < 40 * 1024 * 1024, `memory grew by ${grown} bytes`);
});

test("errors of opening leave nothing open", () => {
  const native = nativeAddon();
  const fds = openFds();
  const before = native.openHandles();
  for (let at = 0; at < 1000; at++) {
    assert.throws(() => native.openSocket(unix.AF_UNIX, 99, 0));
    assert.throws(() => native.openSocket(unix.AF_UNIX, 2, 0, { bufferBytes: 0 }));
  }
  assert.deepEqual(native.openHandles(), before);
  assert.equal(openFds(), fds);
});

test("an exception in a listener reaches uncaughtException, and the socket goes on", () => {
  const { status, stdout, stderr } = runChild(`
    const { receiver, sender } = datagramPair();
    const seen = [];
    process.on("uncaughtException", (error) => seen.push(error.message));
    receiver.start({
      onMessage({ data }) {
        if (data.toString() === "end") { console.log(seen.join()); receiver.close(); sender.close(); return; }
        queueMicrotask(() => seen.push("microtask"));
        throw new Error(data.toString());
      },
      onError(error) { throw error; },
    });
    for (const text of ["a", "b", "end"]) sender.send(Buffer.from(text));
  `);
  assert.equal(stderr, "");
  assert.equal(status, 0);
  assert.deepEqual(
    stdout.split(",").filter((word) => word !== "microtask"),
    ["a", "b"],
  );
});

test("without a handler an exception in a listener ends the process as any other", () => {
  const { status, signal, stderr } = runChild(`
    const { receiver, sender } = datagramPair();
    receiver.start({ onMessage() { throw new Error("nobody caught me"); }, onError() {} });
    sender.send(Buffer.from("x"));
  `);
  assert.equal(signal, null);
  assert.equal(status, 1);
  assert.match(stderr, /nobody caught me/);
});

test("a socket that polls is not collected, a forgotten one is, with its descriptor", () => {
  const { status, stdout, stderr } = runChild(
    `
    const fs = require("node:fs");
    let heard = 0;
    let sender = (() => {
      const pair = datagramPair();
      pair.receiver.start({ onMessage() { heard++; if (heard === 3) this.done(); }, onError(e) { throw e; }, done() { finish(); } });
      pair.receiver.setKeepAlive(false);
      return pair.sender;
    })();
    for (let at = 0; at < 200; at++) datagramPair();
    for (let at = 0; at < 100; at++) native.openTimer(() => {});
    (async () => {
      for (let at = 0; at < 5; at++) { global.gc(); await turn(); }
      console.log(JSON.stringify(native.openHandles()));
      for (let at = 0; at < 3; at++) sender.send(Buffer.from("x"));
      while (heard < 3) await turn();
    })();
    function finish() { console.log("heard", heard, fs.readdirSync("/proc/self/fd").length < 60); }
  `,
    "--expose-gc",
  );
  assert.equal(stderr, "");
  assert.equal(status, 0);
  assert.deepEqual(stdout.split("\n"), ['{"sockets":2,"timers":0}', "heard 3 true"]);
});

test("an armed timer is not collected", () => {
  const { stdout, status } = runChild(
    `
    (() => { native.openTimer(() => console.log("fired")).arm(native.bootTimeMs() + 50); })();
    (async () => { for (let at = 0; at < 5; at++) { global.gc(); await turn(); } })();
  `,
    "--expose-gc",
  );
  assert.equal(stdout, "fired");
  assert.equal(status, 0);
});

test("polling keeps the process alive only if it may", () => {
  const quiet = runChild(`
    const { receiver } = datagramPair();
    receiver.start({ onMessage() {}, onError() {} });
    receiver.setKeepAlive(false);
    native.openTimer(() => {});
    const timer = native.openTimer(() => console.log("never"));
    timer.setKeepAlive(false);
    timer.arm(native.bootTimeMs() + 60000);
  `);
  assert.deepEqual([quiet.status, quiet.stdout], [0, ""]);
  const kept = runChild(`
    const { receiver, sender } = datagramPair();
    receiver.start({ onMessage() { console.log("kept"); receiver.close(); }, onError() {} });
    setTimeout(() => sender.send(Buffer.from("x")), 50).unref();
    const timer = native.openTimer(() => console.log("armed"));
    timer.arm(native.bootTimeMs() + 20);
  `);
  assert.deepEqual([kept.status, kept.stdout], [0, "armed\nkept"]);
});
