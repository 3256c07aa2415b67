/**
 * One call that is answered with a file descriptor, on a connection of its own: only this one tells the bus that it
 * takes descriptors, so that no stranger's message can bring any to the connection that lives as long as the daemon.
 */
import type { Clock } from "../../base/clock.ts";
import { type NativeAddon, type NativeSocket, nativeAddon } from "../../native/native.ts";
import { BusError, type Call } from "../bus.ts";
import { FrameReader } from "../wire/frame-reader.ts";
import { defaultLimits as limits } from "../wire/limits.ts";
import { MessageType, makeMessage, type Received, readMessage, writeMessage } from "../wire/message.ts";
import { busDaemon, busDaemonPath, standardError } from "../wire/names.ts";
import { Writer } from "../wire/writer.ts";
import { parseAddress } from "./address.ts";
import { ExternalAuth } from "./auth.ts";

const AF_UNIX = 1;
const SOCK_STREAM = 1;
const serials = { hello: 1, call: 2 } as const;
const hello: Call = { destination: busDaemon, path: busDaemonPath, interface: busDaemon, member: "Hello" };

export interface DescriptorCallOptions {
  readonly address: string;
  readonly clock: Clock;
  readonly native?: () => NativeAddon;
}

/** Resolves with the descriptor, which the caller owns then. Rejects with {@link BusError}, and nothing stays open. */
export function callForDescriptor(call: Call, options: DescriptorCallOptions): Promise<number> {
  return new Promise((resolve, reject) => new DescriptorCall(call, options, resolve, reject).start());
}

class DescriptorCall {
  readonly #native: NativeAddon;
  readonly #socket: NativeSocket;
  readonly #auth: ExternalAuth;
  readonly #frames = new FrameReader(
    { frame: (bytes) => this.#onFrame(bytes), largeHeader: () => this.#onLarge(), large: () => this.#onLarge() },
    limits.largeMessageBytes,
  );
  #isAuthenticated = false;
  /** Descriptors that came along, from any sender. */
  #descriptors: number[] = [];
  #cancelTimer = () => {};
  #isOver = false;

  constructor(
    private readonly call: Call,
    private readonly options: DescriptorCallOptions,
    private readonly resolve: (descriptor: number) => void,
    private readonly reject: (error: BusError) => void,
  ) {
    this.#native = (options.native ?? nativeAddon)();
    this.#socket = this.#native.openSocket(AF_UNIX, SOCK_STREAM, 0);
    const send = (text: string) => this.#send(Buffer.from(text, "latin1"));
    this.#auth = new ExternalAuth(send, process.geteuid?.() ?? 0, { wantsDescriptors: true });
  }

  start(): void {
    const { address, clock } = this.options;
    const limitMs = this.call.timeoutMs ?? limits.connectMs;
    this.#cancelTimer = clock.startTimer("descriptor-call", limitMs, () => this.#fail("NoReply", "no answer in time"));
    try {
      // Of several addresses the first: where the daemon's own connection went.
      const path = parseAddress(address)[0]?.path ?? "";
      this.#socket.connect(Buffer.concat([Buffer.from(new Uint16Array([AF_UNIX]).buffer), Buffer.from(path)]));
      this.#socket.start({
        onMessage: ({ data, fds = [] }) => {
          this.#descriptors.push(...fds);
          this.#guarded(() => this.#onBytes(data));
        },
        onError: (error) => this.#fail("Disconnected", error.message),
      });
      this.#auth.start();
    } catch (error) {
      this.#fail("Disconnected", (error as Error).message);
    }
  }

  #onBytes(data: Buffer): void {
    if (data.length === 0) throw new Error("the bus closed the connection");
    const bytes = this.#isAuthenticated ? data : this.#auth.push(data);
    if (bytes === undefined) return;
    if (!this.#isAuthenticated) {
      this.#isAuthenticated = true;
      this.#sendCall(hello, serials.hello);
      this.#sendCall(this.call, serials.call);
    }
    if (bytes.length > 0) this.#frames.push(bytes);
  }
  #onFrame(bytes: Buffer): undefined {
    const received = readMessage(bytes, limits);
    const { type, replySerial } = received.message;
    const isError = type === MessageType.ERROR;
    if (type !== MessageType.METHOD_RETURN && !isError) return;
    if (isError && (replySerial === serials.hello || replySerial === serials.call)) this.#onError(received);
    else if (replySerial === serials.call) this.#onAnswer(received, bytes);
  }
  /** Hello's reply, a signal about our name and the answer are all that is expected. */
  #onLarge(): "skip" {
    this.#fail("LimitsExceeded", "too long an answer");
    return "skip";
  }
  #onError({ message }: Received): void {
    this.#finish(() => this.reject(new BusError(message.errorName ?? standardError("Failed"), "the call was refused")));
  }
  /** The body of `h` is the place of the descriptor among those of the message: 0, all bytes of it zero. */
  #onAnswer({ message }: Received, bytes: Buffer): void {
    const isFirst = message.signature === "h" && bytes.subarray(-4).every((byte) => byte === 0);
    const [descriptor] = this.#descriptors;
    const count = this.#descriptors.length;
    if (!isFirst || descriptor === undefined || count !== 1) {
      this.#fail("InvalidArgs", `an answer of type "${message.signature}" with ${count} descriptors`);
      return;
    }
    this.#descriptors = [];
    this.#finish(() => this.resolve(descriptor));
  }

  #sendCall({ destination, path, interface: of, member, signature = "", args = [] }: Call, serial: number): void {
    const init = { type: MessageType.METHOD_CALL, destination, path, interface: of, member };
    const writer = new Writer();
    writeMessage(writer, makeMessage({ ...init, signature, body: args }), serial, limits);
    this.#send(writer.bytes.subarray(0, writer.position));
  }
  /** A few hundred bytes in all: a bus that does not take them at once is ill. */
  #send(bytes: Uint8Array): void {
    if (!this.#socket.send(bytes)) throw new Error("the bus does not read");
  }
  #guarded(action: () => void): void {
    try {
      if (this.#isOver) this.#closeDescriptors();
      else action();
    } catch (error) {
      this.#fail("Disconnected", (error as Error).message);
    }
  }
  #fail(name: string, why: string): void {
    const { interface: of, member } = this.call;
    this.#finish(() => this.reject(new BusError(standardError(name), `${of}.${member}: ${why}`)));
  }
  #finish(tell: () => void): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#cancelTimer();
    this.#closeDescriptors();
    this.#socket.close();
    tell();
  }
  #closeDescriptors(): void {
    for (const descriptor of this.#descriptors.splice(0)) this.#native.closeFd(descriptor);
  }
}
