import assert from "node:assert/strict";
import { closeSync, fstatSync, mkdtempSync, openSync, readFileSync, readSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { nativeAddon, type ReceivedMessage, type SystemError } from "../../../src/native/native.ts";
import * as unix from "../../harness/unix-sockets.ts";
import { datagramPair, startQuietly } from "../../harness/unix-sockets.ts";
import { until } from "../../harness/until.ts";

const SO_TYPE = 3;
const SO_ATTACH_FILTER = 26;

test("a datagram arrives whole, once, with the sender's address", async () => {
  const { receiver, sender, close } = datagramPair();
  const from = unix.freshAddress();
  sender.bind(from);
  const received: ReceivedMessage[] = [];
  startQuietly(receiver, (message) => received.push(message));
  assert.equal(sender.send(Buffer.from("hello")), true);
  assert.equal(sender.send(new Uint8Array(0)), true);
  await until("both arrived", () => received.length === 2);
  assert.equal(received[0]?.data.toString(), "hello");
  assert.deepEqual(received[0]?.address, from);
  assert.equal(received[0]?.isTruncated, false);
  assert.equal(received[0]?.packetStatus, undefined);
  assert.equal(received[0]?.fds, undefined);
  assert.equal(received[1]?.data.length, 0);
  close();
});

test("each message has memory of its own", () => {
  const { receiver, sender, close } = datagramPair();
  sender.send(Buffer.from("first"));
  sender.send(Buffer.from("second"));
  const [first, second] = receiver.receive(10);
  assert.equal(first?.data.toString(), "first");
  assert.equal(second?.data.toString(), "second");
  assert.equal(first?.data.buffer.byteLength, 5);
  close();
});

test("sends to an address without being connected", () => {
  const { native, address, receiver, close } = datagramPair();
  const stranger = native.openSocket(unix.AF_UNIX, unix.SOCK_DGRAM, 0);
  stranger.send(Buffer.from("hi"), { address });
  assert.equal(receiver.receive(1)[0]?.data.toString(), "hi");
  stranger.close();
  close();
});

test("a message longer than the buffer says that it was cut", () => {
  const { receiver, sender, close } = datagramPair({ bufferBytes: 10 });
  sender.send(Buffer.from("0123456789"));
  sender.send(Buffer.from("0123456789x"));
  const [whole, cut] = receiver.receive(10);
  assert.equal(whole?.isTruncated, false);
  assert.equal(cut?.isTruncated, true);
  assert.equal(cut?.data.toString(), "0123456789");
  close();
});

test("receive takes at most what was asked for and never waits", () => {
  const { receiver, sender, close } = datagramPair();
  for (let at = 0; at < 5; at++) sender.send(Buffer.from([at]));
  assert.equal(receiver.receive(2).length, 2);
  assert.deepEqual(
    receiver.receive(10).map(({ data }) => data[0]),
    [2, 3, 4],
  );
  assert.deepEqual(receiver.receive(10), []);
  close();
});

test("a full queue answers false, and tells when there is room again", async () => {
  const { receiver, sender, close } = datagramPair();
  let sent = 0;
  while (sender.send(Buffer.alloc(1000))) assert.ok(++sent < 100_000, "the queue never got full");
  let writable = 0;
  sender.start({ onMessage() {}, onError: assert.fail, onWritable: () => writable++ });
  assert.equal(receiver.receive(sent + 10).length, sent);
  await until("it can be written", () => writable > 0);
  assert.equal(sender.send(Buffer.from("more")), true);
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(writable, 1);
  close();
});

test("file descriptors travel with a message and arrive close-on-exec", () => {
  const { receiver, sender, native, close } = datagramPair();
  const folder = mkdtempSync(join(tmpdir(), "fairlead-fds-"));
  const file = openSync(join(folder, "file"), "w+");
  sender.send(Buffer.from("two"), { fds: [file, file] });
  const [message] = receiver.receive(1);
  assert.equal(message?.fds?.length, 2);
  for (const fd of message?.fds ?? []) {
    assert.notEqual(fd, file);
    assert.equal(fstatSync(fd).ino, fstatSync(file).ino);
    assert.match(readFileSync(`/proc/self/fdinfo/${fd}`, "utf8"), /flags:\s+0?2\d{6}/, "no O_CLOEXEC");
    native.closeFd(fd);
  }
  closeSync(file);
  rmSync(folder, { recursive: true });
  close();
});

test("passing 253 descriptors works, one more is refused before anything is sent", () => {
  const { receiver, sender, native, close } = datagramPair();
  const file = openSync("/dev/null", "r");
  sender.send(Buffer.from("many"), { fds: Array(253).fill(file) });
  const [message] = receiver.receive(1);
  assert.equal(message?.fds?.length, 253);
  for (const fd of message?.fds ?? []) native.closeFd(fd);
  assert.throws(() => sender.send(Buffer.from("x"), { fds: Array(254).fill(file) }), RangeError);
  assert.deepEqual(receiver.receive(1), []);
  closeSync(file);
  close();
});

test("the end of a stream comes once, as an empty message, and polling stops", async () => {
  const native = nativeAddon();
  const folder = mkdtempSync(join(tmpdir(), "fairlead-stream-"));
  const path = join(folder, "socket");
  const { createServer } = await import("node:net");
  const server = createServer((peer) => peer.end("bye")).listen(path);
  await new Promise((resolve) => server.once("listening", resolve));
  const socket = native.openSocket(unix.AF_UNIX, unix.SOCK_STREAM, 0);
  socket.connect(unix.unixAddress(path));
  const heard: string[] = [];
  startQuietly(socket, ({ data }) => heard.push(data.toString()));
  await until("the end came", () => heard.at(-1) === "");
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(heard.join("|"), "bye|");
  socket.close();
  server.close();
  rmSync(folder, { recursive: true });
});

test("options are numbers or bytes", () => {
  const { receiver, close } = datagramPair();
  receiver.setOption(unix.SOL_SOCKET, unix.SO_RCVBUF, 10_000);
  assert.equal(receiver.getOption(unix.SOL_SOCKET, unix.SO_RCVBUF, 4).readInt32LE(), 20_000);
  receiver.setOption(unix.SOL_SOCKET, unix.SO_RCVBUF, new Uint8Array(new Int32Array([20_000]).buffer));
  assert.equal(receiver.getOption(unix.SOL_SOCKET, unix.SO_RCVBUF, 64).readInt32LE(), 40_000);
  assert.equal(receiver.getOption(unix.SOL_SOCKET, SO_TYPE, 4).readInt32LE(), unix.SOCK_DGRAM);
  close();
});

test("a filter decides what arrives", () => {
  const { receiver, sender, close } = datagramPair();
  const dropAll = new Uint8Array(8);
  dropAll[0] = 0x06;
  receiver.attachFilter(dropAll);
  sender.send(Buffer.from("x"));
  assert.deepEqual(receiver.receive(1), []);
  const keepAll = Uint8Array.from(dropAll);
  keepAll[4] = 0xff;
  receiver.attachFilter(keepAll);
  sender.send(Buffer.from("y"));
  assert.equal(receiver.receive(1)[0]?.data.toString(), "y");
  assert.throws(() => receiver.attachFilter(new Uint8Array(9)), RangeError);
  assert.throws(() => receiver.attachFilter(new Uint8Array(0)), RangeError);
  assert.throws(() => receiver.attachFilter(new Uint8Array(8).fill(0xff)), { code: "EINVAL", syscall: "setsockopt" });
  assert.throws(() => receiver.setOption(unix.SOL_SOCKET, SO_ATTACH_FILTER, 1), { code: "EINVAL" });
  close();
});

test("every failure carries code, errno and call", () => {
  const native = nativeAddon();
  const isSystemError = (code: string, errno: number, syscall: string) => (error: SystemError) =>
    error instanceof Error && error.code === code && error.errno === errno && error.syscall === syscall;
  const { receiver, address, close } = datagramPair();
  const other = native.openSocket(unix.AF_UNIX, unix.SOCK_DGRAM, 0);
  assert.throws(() => native.openSocket(unix.AF_UNIX, 99, 0), isSystemError("EINVAL", 22, "socket"));
  assert.throws(() => native.openSocket(9999, 2, 0), isSystemError("EAFNOSUPPORT", 97, "socket"));
  assert.throws(() => other.bind(address), isSystemError("EADDRINUSE", 98, "bind"));
  assert.throws(() => other.connect(unix.unixAddress("/nowhere")), isSystemError("ENOENT", 2, "connect"));
  assert.throws(() => other.send(Buffer.from("x")), isSystemError("ENOTCONN", 107, "sendmsg"));
  assert.throws(() => receiver.setOption(unix.SOL_SOCKET, 9999, 1), isSystemError("ENOPROTOOPT", 92, "setsockopt"));
  assert.throws(() => receiver.getOption(unix.SOL_SOCKET, 9999, 4), isSystemError("ENOPROTOOPT", 92, "getsockopt"));
  assert.throws(() => native.closeFd(1_000_000), isSystemError("EBADF", 9, "close"));
  other.close();
  close();
});

test("arguments of the wrong kind are refused and nothing happens", () => {
  const { receiver, sender, native, close } = datagramPair();
  // biome-ignore lint/suspicious/noExplicitAny: a caller without types could pass these
  const loose = { native: native as any, receiver: receiver as any, sender: sender as any };
  const before = native.openHandles().sockets;
  assert.throws(() => loose.native.openSocket("1", 2, 0), TypeError);
  assert.throws(() => loose.native.openSocket(1.5, 2, 0), TypeError);
  assert.throws(() => loose.native.openSocket(2 ** 40, 2, 0), RangeError);
  for (const bufferBytes of [0, -1, 1_048_577, Number.NaN]) {
    assert.throws(() => native.openSocket(1, 2, 0, { bufferBytes }), /bufferBytes/);
  }
  assert.throws(() => loose.sender.send("text"), TypeError);
  assert.throws(() => loose.sender.send(new Uint16Array(1)), TypeError);
  assert.throws(() => sender.send(Buffer.from("x"), { address: new Uint8Array(129) }), RangeError);
  assert.throws(() => sender.send(Buffer.from("x"), { fds: [-1] }), RangeError);
  assert.throws(() => sender.send(Buffer.from("x"), { fds: [1_000_000] }), { code: "EBADF" });
  assert.throws(() => loose.receiver.start({}), TypeError);
  assert.throws(() => loose.receiver.start(), TypeError);
  for (const limit of [0, -1, 65_537]) assert.throws(() => receiver.receive(limit), RangeError);
  assert.throws(() => loose.receiver.bind.call({}, Buffer.alloc(2)), TypeError);
  assert.throws(
    () =>
      loose.receiver.bind.call(
        native.openTimer(() => {}),
        Buffer.alloc(2),
      ),
    TypeError,
  );
  assert.throws(() => new loose.receiver.constructor(), TypeError);
  assert.throws(() => loose.native.openTimer(), TypeError);
  assert.throws(() => loose.native.closeFd(-1), RangeError);
  assert.deepEqual(receiver.receive(1), []);
  assert.equal(native.openHandles().sockets, before);
  close();
});

test("a getter among the options that closes the socket does no harm", () => {
  const { receiver, sender, close } = datagramPair();
  const options = {
    get fds() {
      sender.close();
      return [];
    },
  };
  assert.throws(() => sender.send(Buffer.from("x"), options), { code: "EBADF" });
  assert.deepEqual(receiver.receive(1), []);
  close();
});

test("links can be dumped over netlink", async () => {
  const socket = nativeAddon().openSocket(unix.AF_NETLINK, 3, 0);
  socket.bind(unix.netlinkAddress());
  assert.notEqual(socket.localAddress().readUInt32LE(4), 0);
  let isDone = false;
  let replies = 0;
  startQuietly(socket, ({ data, address }) => {
    assert.deepEqual(address, unix.netlinkAddress());
    if (data.readUInt16LE(4) === 3) isDone = true;
    else replies++;
  });
  socket.send(linkRequestDump(), { address: unix.netlinkAddress() });
  await until("the dump ended", () => isDone);
  assert.ok(replies > 0);
  socket.close();
});

const linkRequestDump = () => unix.linkRequest(1, true);

test("a stream socket can be given away", () => {
  const { receiver, sender, native, close } = datagramPair();
  const before = native.openHandles().sockets;
  const fd = receiver.detach();
  assert.equal(receiver.fd, -1);
  assert.equal(native.openHandles().sockets, before - 1);
  assert.throws(() => receiver.detach(), { code: "EBADF" });
  sender.send(Buffer.from("still open"));
  const data = Buffer.alloc(20);
  assert.equal(data.toString("utf8", 0, readSync(fd, data)), "still open");
  closeSync(fd);
  close();
});
