import { rmSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { FrameReader } from "../../../src/bus/wire/frame-reader.ts";
import { defaultLimits } from "../../../src/bus/wire/limits.ts";
import { type Message, MessageType, makeMessage, readMessage, writeMessage } from "../../../src/bus/wire/message.ts";
import { Writer } from "../../../src/bus/wire/writer.ts";

type Init = Parameters<typeof makeMessage>[0];
let sockets = 0;

export interface Told {
  readonly message: Message;
  readonly args: readonly unknown[];
}

/** The other end of the socket: sends the test's bytes, in the place of a message bus. */
export class FakeBusServer {
  readonly address: string;
  readonly told: Told[] = [];
  /** Connections that got as far as BEGIN. */
  connections = 0;
  /** Its answer to AUTH; undefined: none. */
  authReply: string | undefined = "OK 1234\r\n";
  /** Replies with an error where set. */
  refuses: string | undefined;
  /** The next call of this name gets no answer. */
  loses: string | undefined;
  isReading = true;
  /** The newest. */
  #socket: Socket | undefined;
  readonly #sockets = new Set<Socket>();
  #serial = 1;
  readonly #path: string;
  readonly #server: Server;

  private constructor(isAbstract: boolean) {
    const name = `fairlead-bus-server-${process.pid}-${++sockets}`;
    this.#path = isAbstract ? `\0${name}` : join(tmpdir(), name);
    this.address = isAbstract ? `unix:abstract=${name}` : `unix:path=${this.#path}`;
    this.#server = createServer((socket) => this.#accept(socket));
  }
  static async start(t: TestContext, isAbstract = false): Promise<FakeBusServer> {
    const server = new FakeBusServer(isAbstract);
    await server.listen();
    t.after(() => server.stop());
    return server;
  }
  listen(): Promise<void> {
    return new Promise((resolve) => this.#server.listen(this.#path, resolve));
  }
  stop(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    if (!this.#path.startsWith("\0")) rmSync(this.#path, { force: true });
  }
  disconnect(): void {
    this.#socket?.destroy();
  }
  write(bytes: Uint8Array): void {
    this.#socket?.write(bytes);
  }
  send(init: Init): void {
    this.write(this.bytes(init));
  }
  bytes(init: Init): Buffer {
    const writer = new Writer();
    const limits = { ...defaultLimits, maxMessageBytes: 64 * 1024 * 1024, maxSentBytes: 64 * 1024 * 1024 };
    writeMessage(writer, makeMessage(init), ++this.#serial, limits);
    return writer.bytes.subarray(0, writer.position);
  }
  /** `fresh`: connections made from now on are read. */
  stopReading({ fresh = false } = {}): void {
    this.isReading = fresh;
    this.#socket?.pause();
  }
  /** While it is not reading: takes as much as a bus that is busy with others. */
  readSome(): void {
    this.#socket?.once("data", () => this.#socket?.pause());
    this.#socket?.resume();
  }
  get bytesRead(): number {
    return this.#socket?.bytesRead ?? 0;
  }
  readAgain(): void {
    this.isReading = true;
    for (const socket of this.#sockets) socket.resume();
  }

  get signals(): number {
    return this.told.filter(({ message }) => message.type === MessageType.SIGNAL).length;
  }

  #accept(socket: Socket): void {
    this.#socket = socket;
    this.#sockets.add(socket);
    socket.on("close", () => this.#sockets.delete(socket));
    socket.on("error", () => {});
    socket.once("data", () => {
      if (this.authReply === undefined) return;
      socket.write(this.authReply);
      socket.once("data", (chunk: Buffer) => this.#begin(socket, chunk.subarray("BEGIN\r\n".length)));
    });
  }
  #begin(socket: Socket, rest: Buffer): void {
    this.connections++;
    const frame = (bytes: Buffer): undefined => this.#onMessage(bytes, socket);
    const reader = new FrameReader(
      { frame, largeHeader: () => "keep", large: () => "keep" } as const,
      defaultLimits.largeMessageBytes,
    );
    reader.push(rest);
    socket.on("data", (chunk: Buffer) => reader.push(chunk));
    if (!this.isReading) socket.pause();
  }
  #onMessage(bytes: Buffer, from: Socket): undefined {
    const received = readMessage(bytes, defaultLimits);
    const { message } = received;
    this.told.push({ message, args: received.body() });
    if (message.destination !== "org.freedesktop.DBus") return;
    if (this.loses === message.member) {
      this.loses = undefined;
      return;
    }
    const answer = (init: Init) => from.write(this.bytes(init));
    const reply = { sender: "org.freedesktop.DBus", destination: ":1.1", replySerial: message.serial as number };
    if (this.refuses === message.member) answer({ ...reply, type: MessageType.ERROR, errorName: "a.b.Refused" });
    else if (message.member === "RequestName") {
      answer({ ...reply, type: MessageType.METHOD_RETURN, signature: "u", body: [1] });
    } else answer({ ...reply, type: MessageType.METHOD_RETURN, signature: "s", body: [":1.1"] });
  }
}
