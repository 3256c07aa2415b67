import { createServer, type Server, type Socket } from "node:net";
import type { Cancel } from "../base/clock.ts";
import { nativeAddon } from "../native/native.ts";
import { type ConnectionPorts, HelperConnection } from "./helper-connection.ts";

/** Many times the need of a machine's interfaces; each connection is one program. */
const mostConnections = 64;

export interface ServicePorts extends ConnectionPorts {
  /** Users that may connect besides root. */
  readonly uids: ReadonlySet<number>;
  /** Milliseconds without a connection after which {@link onIdle} is called. */
  readonly idleMs: number;
  /** No program runs any more: the helper may end, and is started again by the next connection. */
  onIdle(): void;
}

/** Accepts connections of the daemon alone. */
export class HelperService {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #cancelIdle: Cancel = () => {};

  constructor(private readonly ports: ServicePorts) {
    this.#server = createServer((socket) => this.#onConnection(socket));
    this.#server.maxConnections = mostConnections;
  }

  /**
   * `place`: a socket that listens already, as systemd passes it, or the path of a new one. Resolves when it can be
   * connected to.
   */
  async start(place: { readonly fd: number } | { readonly path: string }): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen(place, resolve);
    });
    this.#awaitIdle();
  }
  /** Ends every connection, and with each its program; resolves when they have ended. */
  async close(): Promise<void> {
    this.#cancelIdle();
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await this.ports.processes.stopAll();
  }

  #onConnection(socket: Socket): void {
    const { uid, pid } = peerOf(socket);
    if (uid !== 0 && !this.ports.uids.has(uid)) {
      this.ports.log.warn(() => `process ${pid} of user ${uid} is not the daemon`);
      socket.destroy();
      return;
    }
    this.#cancelIdle();
    this.#sockets.add(socket);
    socket.once("close", () => {
      this.#sockets.delete(socket);
      this.#awaitIdle();
    });
    new HelperConnection(socket, this.ports);
  }
  #awaitIdle(): void {
    if (this.#sockets.size > 0) return;
    this.#cancelIdle();
    this.#cancelIdle = this.ports.clock.startTimer("helper idle", this.ports.idleMs, () => this.#onIdle());
  }
  #onIdle(): void {
    // A program may still be cleaning up after its connection.
    if (this.ports.processes.list().length > 0) this.#awaitIdle();
    else this.ports.onIdle();
  }
}

/** Node does not give SO_PEERCRED; its internal handle gives the descriptor of a socket. */
function peerOf(socket: Socket): { readonly uid: number; readonly pid: number } {
  const { fd } = (socket as unknown as { readonly _handle: { readonly fd: number } })._handle;
  return nativeAddon().peerCredentials(fd);
}
