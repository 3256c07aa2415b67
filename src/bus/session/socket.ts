import { connect, type Socket } from "node:net";
import type { Clock } from "../../base/clock.ts";
import type { BusSocket } from "./address.ts";
import { ExternalAuth } from "./auth.ts";

/** One read of the kernel; the usual message has a few hundred bytes. */
const readBytes = 65_536;

/**
 * A connected socket whose bytes go to the present {@link onBytes}, in one buffer used again and again: a buffer per
 * read, as streams have it, is most of the cost of a call.
 */
export interface ByteSocket {
  readonly socket: Socket;
  /** The bytes are valid until it returns. */
  onBytes(bytes: Buffer): void;
}

export interface Authenticated {
  readonly bytes: ByteSocket;
  /** Bytes that the bus sent beyond the authentication. */
  readonly rest: Buffer;
  /** Another one after each restart of the bus. */
  readonly busId: string;
}

function connectBytes(path: string): ByteSocket {
  const callback = (count: number, buffer: Uint8Array): boolean => {
    bytes.onBytes(Buffer.from(buffer.buffer, buffer.byteOffset, count));
    return true;
  };
  const onread = { buffer: Buffer.allocUnsafeSlow(readBytes), callback };
  const bytes: ByteSocket = { socket: connect({ path, onread }), onBytes: () => {} };
  return bytes;
}

/** Connects and authenticates within `limitMs` milliseconds. Rejects with one line that names the address. */
export function openSocket(at: BusSocket, clock: Clock, limitMs: number): Promise<Authenticated> {
  return new Promise((resolve, reject) => {
    const bytes = connectBytes(at.path);
    const { socket } = bytes;
    const auth = new ExternalAuth((text) => socket.write(text, "latin1"), process.geteuid?.() ?? 0);
    const settle = (done: () => void) => {
      cancelTimer();
      for (const event of ["connect", "error", "close"]) socket.removeAllListeners(event);
      bytes.onBytes = () => {};
      done();
    };
    const fail = (why: string) =>
      settle(() => {
        // An error after this one must not become an exception.
        socket.on("error", () => {});
        socket.destroy();
        reject(new Error(`${at.text}: ${why}`));
      });
    const cancelTimer = clock.startTimer("bus-connect", limitMs, () => fail("no answer in time"));
    socket.on("connect", () => auth.start());
    socket.on("error", (error: NodeJS.ErrnoException) => fail(error.code ?? error.message));
    socket.on("close", () => fail("closed during authentication"));
    bytes.onBytes = (chunk) => {
      try {
        const rest = auth.push(chunk);
        if (rest) settle(() => resolve({ bytes, rest, busId: auth.serverId }));
      } catch (error) {
        fail((error as Error).message);
      }
    };
  });
}
