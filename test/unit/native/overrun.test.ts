import assert from "node:assert/strict";
import { test } from "node:test";
import { nativeAddon, type SystemError } from "../../../src/native/native.ts";
import * as unix from "../../harness/unix-sockets.ts";
import { until } from "../../harness/until.ts";

/** A netlink socket with the smallest receive buffer, sent so many requests unread that replies were dropped. */
function overrunSocket() {
  const socket = nativeAddon().openSocket(unix.AF_NETLINK, 3, 0);
  socket.bind(unix.netlinkAddress());
  socket.setOption(unix.SOL_SOCKET, unix.SO_RCVBUF, 1);
  flood(socket);
  return socket;
}

function flood(socket: ReturnType<typeof overrunSocket>): void {
  for (let at = 0; at < 50; at++) {
    try {
      socket.send(unix.linkRequest(at), { address: unix.netlinkAddress() });
    } catch (error) {
      // The kernel answers the sender itself: it is told of the overrun as well.
      assert.equal((error as SystemError).code, "ENOBUFS");
    }
  }
}

test("a receive overrun is told as ENOBUFS and the socket goes on", async () => {
  const socket = overrunSocket();
  const errors: string[] = [];
  let messages = 0;
  socket.start({ onMessage: () => messages++, onError: (error) => errors.push(error.code) });
  for (let round = 1; round <= 5; round++) {
    await until(`overrun ${round} was told`, () => errors.length >= round);
    messages = 0;
    socket.send(unix.linkRequest(1000), { address: unix.netlinkAddress() });
    await until("messages come again", () => messages > 0);
    flood(socket);
  }
  assert.ok(errors.every((code) => code === "ENOBUFS"));
  socket.close();
});

test("receive throws the overrun, keeps no message back, and works again", () => {
  const socket = overrunSocket();
  let overruns = 0;
  let messages = 0;
  for (let attempt = 0; attempt < 100; attempt++) {
    try {
      const received = socket.receive(10);
      if (received.length === 0) break;
      messages += received.length;
    } catch (error) {
      assert.equal((error as SystemError).code, "ENOBUFS");
      overruns++;
    }
  }
  assert.ok(overruns > 0 && messages > 0, `${overruns} overruns, ${messages} messages`);
  socket.send(unix.linkRequest(1000), { address: unix.netlinkAddress() });
  assert.equal(socket.receive(10).length, 1);
  socket.close();
});

test("closing inside onError is safe", async () => {
  const socket = overrunSocket();
  let told = 0;
  socket.start({
    onMessage() {},
    onError() {
      told++;
      socket.close();
    },
  });
  await until("it was told", () => told > 0);
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(told, 1);
});

test("an error that never ends stops the polling instead of burning a core", async () => {
  // A stream socket that was never connected: always readable, always ENOTCONN or EINVAL.
  const socket = nativeAddon().openSocket(unix.AF_UNIX, unix.SOCK_STREAM, 0);
  const codes: string[] = [];
  socket.start({ onMessage: () => assert.fail("from nowhere"), onError: (error) => codes.push(error.code) });
  await until("it gave up", () => codes.at(-1) === "EIO");
  const count = codes.length;
  for (let turns = 0; turns < 10; turns++) await new Promise((resolve) => setImmediate(resolve));
  assert.equal(codes.length, count);
  socket.close();
});
