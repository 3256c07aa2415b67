import { connect, type Socket } from "node:net";
import type { BusSocket } from "./address.ts";
import { ExternalAuth } from "./auth.ts";

export interface Authenticated {
  readonly socket: Socket;
  /** What the bus sent beyond the authentication. */
  readonly rest: Buffer;
}

/** Connects and authenticates within `signal`. Rejects with one line that names the address. */
export function openSocket(at: BusSocket, signal: AbortSignal): Promise<Authenticated> {
  return new Promise((resolve, reject) => {
    const socket = connect({ path: at.path });
    const auth = new ExternalAuth((text) => socket.write(text, "latin1"), process.geteuid?.() ?? 0);
    const settle = (done: () => void) => {
      signal.removeEventListener("abort", onAbort);
      socket.removeAllListeners();
      done();
    };
    const fail = (why: string) =>
      settle(() => {
        // An error after this one must not become an exception.
        socket.on("error", () => {});
        socket.destroy();
        reject(new Error(`${at.text}: ${why}`));
      });
    const onAbort = () => fail("no answer in time");
    socket.on("connect", () => auth.start());
    socket.on("error", (error: NodeJS.ErrnoException) => fail(error.code ?? error.message));
    socket.on("close", () => fail("closed during authentication"));
    socket.on("data", (chunk: Buffer) => {
      try {
        const rest = auth.push(chunk);
        if (rest) settle(() => resolve({ socket, rest }));
      } catch (error) {
        fail((error as Error).message);
      }
    });
    if (signal.aborted) onAbort();
    else signal.addEventListener("abort", onAbort);
  });
}
