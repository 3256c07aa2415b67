import { connect, type Socket } from "node:net";
import type { TestContext } from "node:test";
import { FrameReader } from "../../../src/bus/wire/frame-reader.ts";
import { defaultLimits } from "../../../src/bus/wire/limits.ts";
import { type Message, MessageType, makeMessage, readMessage, writeMessage } from "../../../src/bus/wire/message.ts";
import { Writer } from "../../../src/bus/wire/writer.ts";
import { until, within } from "../../harness/until.ts";

type Init = Parameters<typeof makeMessage>[0];
const limits = { ...defaultLimits, maxMessageBytes: 64 * 1024 * 1024, maxSentBytes: 64 * 1024 * 1024 };

export interface Heard {
  readonly message: Message;
  readonly args: readonly unknown[];
  /** performance.now() when its last byte had come, before the body was read. */
  readonly at: number;
}

/** The bytes of a message. */
function bytesOf(init: Init, serial = 1): Buffer {
  const writer = new Writer();
  writeMessage(writer, makeMessage(init), serial, limits);
  return writer.bytes.subarray(0, writer.position);
}

/** A client that sends any bytes it likes over an authenticated connection, and may refuse to read. */
export class RawPeer {
  readonly heard: Heard[] = [];
  uniqueName = "";
  isClosed = false;
  #lastSerial = 1;

  private constructor(private readonly socket: Socket) {}

  static async connect(t: TestContext, address: string): Promise<RawPeer> {
    const socket = connect({ path: address.slice("unix:path=".length) });
    t.after(() => socket.destroy());
    const peer = new RawPeer(socket);
    socket.on("error", () => {});
    socket.on("close", () => {
      peer.isClosed = true;
    });
    await peer.#authenticate();
    const hello = await peer.call({ path: "/", interface: "org.freedesktop.DBus", member: "Hello" });
    peer.uniqueName = hello.args[0] as string;
    return peer;
  }
  async #authenticate(): Promise<void> {
    const reader = new FrameReader(
      {
        frame: (bytes) => {
          const at = performance.now();
          const received = readMessage(bytes, limits);
          this.heard.push({ message: received.message, args: received.body(), at });
          return undefined;
        },
        largeHeader: () => "keep",
        large: () => "keep",
      },
      limits.maxMessageBytes,
    );
    const uid = Buffer.from(String(process.getuid?.())).toString("hex");
    const agreed = new Promise<void>((resolve) => {
      this.socket.once("data", () => {
        this.socket.write("BEGIN\r\n");
        this.socket.on("data", (chunk) => reader.push(chunk));
        resolve();
      });
    });
    this.socket.write(`\0AUTH EXTERNAL ${uid}\r\n`);
    await within("authentication", agreed);
  }

  send(bytes: Uint8Array): void {
    this.socket.write(bytes);
  }
  /** The serial to find a reply by. */
  sendMessage(init: Init, change: (bytes: Buffer) => void = () => {}): number {
    const serial = ++this.#lastSerial;
    const bytes = bytesOf(init, serial);
    change(bytes);
    this.send(bytes);
    return serial;
  }
  replyTo(serial: number, limitMs = 10_000): Promise<Heard> {
    const isIt = ({ message }: Heard) => message.replySerial === serial && message.type !== MessageType.SIGNAL;
    return until(`a reply to ${serial}`, () => this.heard.find(isIt), limitMs);
  }
  /** A call to the bus itself unless told otherwise; errors are returned like any reply. */
  call(init: Init, change?: (bytes: Buffer) => void): Promise<Heard> {
    const call = { type: MessageType.METHOD_CALL, destination: "org.freedesktop.DBus", ...init };
    return this.replyTo(this.sendMessage(call, change));
  }
  stopReading(): void {
    this.socket.pause();
  }
  readAgain(): void {
    this.socket.resume();
  }
}

/** Changes the body signature in the header, for bytes that say `from`. */
export function replaceSignature(bytes: Buffer, from: string, to: string): void {
  const field = (signature: string) =>
    Buffer.from(`\x08\x01g\0${String.fromCharCode(signature.length)}${signature}\0`, "latin1");
  const at = bytes.indexOf(field(from));
  if (at < 0 || from.length !== to.length) throw new Error(`no signature ${from} of that length`);
  field(to).copy(bytes, at);
}

/** The same message with the other byte order, for bodies that hold nothing but `s`. */
export function turnedRound(init: Init, serial: number): Buffer {
  const bytes = Buffer.from(bytesOf(init, serial));
  const swap = (at: number) => bytes.subarray(at, at + 4).reverse();
  const fieldsEnd = 16 + bytes.readUInt32LE(12);
  const bodyStart = Math.ceil(fieldsEnd / 8) * 8;
  for (let at = 16; at < fieldsEnd; at = Math.ceil(at / 8) * 8) at = swapField(bytes, at, swap);
  for (const at of [4, 8, 12]) swap(at);
  for (let at = bodyStart; at < bytes.length; ) {
    const length = bytes.readUInt32LE(at);
    swap(at);
    at = Math.ceil((at + 5 + length) / 4) * 4;
  }
  bytes[0] = 0x42;
  return bytes;
}
function swapField(bytes: Buffer, at: number, swap: (at: number) => void): number {
  const type = String.fromCharCode(bytes[at + 2] as number);
  const value = at + 4;
  if (type === "g") return value + 2 + (bytes[value] as number);
  const length = type === "u" ? -1 : bytes.readUInt32LE(value);
  swap(value);
  return value + 5 + length;
}
