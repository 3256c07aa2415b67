import type { Clock } from "../../base/clock.ts";
import { describeError } from "../../base/errors.ts";
import type { Log } from "../../base/log.ts";
import { BusError, type Call, type Credentials, type MarshalledReply } from "../bus.ts";
import type { WaitingWork } from "../guard/call-queue.ts";
import { FloodGuard, type GuardedConnection, type Probe, readSign } from "../guard/flood-guard.ts";
import type { BusLimits } from "../wire/limits.ts";
import {
  type Message,
  MessageFlag,
  MessageType,
  makeMessage,
  type Received,
  readMessage,
  writeMessage,
} from "../wire/message.ts";
import { busDaemon, busDaemonPath, standardError } from "../wire/names.ts";
import { type Signal, writeSignal } from "../wire/signal.ts";
import { WireError } from "../wire/wire-error.ts";
import { parseAddress } from "./address.ts";
import { Connection, type ConnectionHandler } from "./connection.ts";
import { PendingCalls, type Settle } from "./pending-calls.ts";
import { type Authenticated, openSocket } from "./socket.ts";

/** As libdbus. */
const defaultTimeoutMs = 25_000;
const lastSerial = 0xffffffff;

export interface SessionEnvironment {
  readonly address: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly limits: BusLimits;
}

/** Calls of a session to its owner. None may throw; an error is logged. */
export interface SessionHost {
  onCall(call: Received, session: BusSession): void;
  onSignal(signal: Received): void;
  /** The session is over, ended by either side; all its calls have been rejected. */
  onClosed(session: BusSession, why: string): void;
  ownerOf(name: string): string | undefined;
  knownUid(sender: string): number | undefined;
  credentialsOf(sender: string): Promise<Credentials>;
}

/** From Hello to the end of one connection: serials, replies, and sorting of incoming messages. */
export class BusSession implements ConnectionHandler {
  /** Given by the bus in answer to Hello. */
  uniqueName = "";
  /** Which run of which bus this is. */
  readonly busId: string;
  readonly #connection: Connection;
  readonly #pending: PendingCalls;
  readonly #guard: FloodGuard;
  #lastSerial = 0;

  private constructor(
    authenticated: Authenticated,
    private readonly environment: SessionEnvironment,
    private readonly host: SessionHost,
  ) {
    const { clock, limits } = environment;
    this.busId = authenticated.busId;
    this.#pending = new PendingCalls(clock, (name) => host.ownerOf(name));
    this.#connection = new Connection(authenticated, this, clock, limits);
    this.#guard = new FloodGuard(this.#guarded(), clock, limits);
  }
  #guarded(): GuardedConnection {
    return {
      serve: (bytes, received) => this.#serve(bytes, received),
      refuse: (sender, serial, why) => this.#refuse(sender, serial, why),
      request: (call, settle) => this.request(call, settle),
      sentBytes: () => this.#connection.sentBytes,
      queuedBytes: () => this.#connection.queuedBytes,
      takenPieces: () => this.#connection.takenPieces,
      openProbe: () => openProbe(this.environment),
      giveUp: (why) => this.drop(why),
      knownUid: (sender) => this.host.knownUid(sender),
      credentialsOf: (sender) => this.host.credentialsOf(sender),
    };
  }

  /** Connects, authenticates and says Hello. Rejects with one line. */
  static async open(environment: SessionEnvironment, host: SessionHost): Promise<BusSession> {
    try {
      const session = new BusSession(await openFirst(environment), environment, host);
      await session.#hello();
      return session;
    } catch (error) {
      throw new Error(`cannot connect to the message bus: ${(error as Error).message}`);
    }
  }
  async #hello(): Promise<void> {
    const hello = { destination: busDaemon, path: busDaemonPath, interface: busDaemon, member: "Hello" };
    try {
      const args = await new Promise<readonly unknown[]>((resolve, reject) => {
        const call = { ...hello, timeoutMs: this.environment.limits.connectMs };
        this.request(call, (error, values) => (error ? reject(error) : resolve(values)));
      });
      this.uniqueName = String(args[0]);
    } catch (error) {
      this.drop(describeError(error));
      throw error;
    }
  }

  /** See {@link FloodGuard.onWork}. */
  onWork(sender: string, work: WaitingWork): void {
    this.#guard.onWork(sender, work);
  }
  /** Throws {@link WireError}, having sent nothing. */
  send(message: Message, kept?: MarshalledReply): void {
    const before = this.#connection.sentBytes;
    this.#write(message, this.#nextSerial(), kept);
    const { destination } = message;
    if (destination?.startsWith(":")) this.#guard.onSent(destination, this.#connection.sentBytes - before);
  }
  /** Throws {@link WireError}, having sent nothing. */
  emit(signal: Signal, body: readonly unknown[] | MarshalledReply): void {
    const { destination } = signal;
    const before = this.#connection.sentBytes;
    const serial = this.#nextSerial();
    this.#connection.send((writer) => writeSignal(writer, signal, serial, this.environment.limits, body));
    if (destination?.startsWith(":")) this.#guard.onSent(destination, this.#connection.sentBytes - before);
  }
  /** Throws {@link BusError} InvalidArgs for a message that cannot be sent; everything else is told to `settle`. */
  request(call: Call, settle: Settle): void {
    const serial = this.#nextSerial();
    try {
      this.#write(callMessage(call), serial);
    } catch (error) {
      throw error instanceof WireError ? new BusError(standardError("InvalidArgs"), error.message) : error;
    }
    const { destination, interface: interfaceName, member, timeoutMs = defaultTimeoutMs } = call;
    this.#pending.add(serial, destination, `${interfaceName}.${member} of ${destination}`, timeoutMs, settle);
  }
  close(graceMs: number): Promise<void> {
    return this.#connection.close(graceMs);
  }
  drop(why: string): void {
    this.#connection.drop(why);
  }

  frame(bytes: Buffer): "wait" | undefined {
    try {
      return this.#onMessage(readMessage(bytes, this.environment.limits), bytes);
    } catch (error) {
      if (error instanceof WireError) this.#ignored(error.message);
      else this.environment.log.error("a message was not handled", { error: describeError(error) });
      return undefined;
    }
  }
  /** We cannot reply to a dropped header: the sender's name is in it. */
  largeHeader(headerBytes: number): "keep" | "skip" {
    if (this.#guard.admitsLargeHeader(headerBytes)) return "keep";
    this.#ignored(`its header has ${headerBytes} bytes`);
    return "skip";
  }
  large(header: Buffer, totalBytes: number): "keep" | "skip" {
    try {
      return this.#onLarge(readMessage(header, this.environment.limits).message, totalBytes);
    } catch (error) {
      this.#ignored((error as Error).message);
      return "skip";
    }
  }
  backlogChanged(): void {
    this.#guard.onBacklogChanged();
  }
  closed(why: string): void {
    this.#guard.stop();
    this.#pending.rejectAll(new BusError(standardError("Disconnected"), `the connection to the bus was lost: ${why}`));
    this.host.onClosed(this, why);
  }

  /**
   * After a reply its awaiting caller runs before the next message, so that a signal sent after it is seen after it.
   */
  #onMessage(received: Received, bytes: Buffer): "wait" | undefined {
    const { type, destination } = received.message;
    if (destination?.startsWith(":") && this.uniqueName !== "" && destination !== this.uniqueName) return undefined;
    if (type === MessageType.METHOD_CALL) this.#guard.onCall(bytes, received);
    else if (type === MessageType.SIGNAL) this.host.onSignal(received);
    else if (this.#pending.onReply(received)) return "wait";
    else this.#ignored("a reply that nobody asked for");
    return undefined;
  }
  #serve(bytes: Buffer, received = readMessage(bytes, this.environment.limits)): void {
    try {
      this.host.onCall(received, this);
    } catch (error) {
      this.environment.log.error("a call was not handled", { error: describeError(error) });
    }
  }
  #refuse(sender: string, serial: number, why: string): void {
    const errorName = standardError("LimitsExceeded");
    const reply = { type: MessageType.ERROR, errorName, replySerial: serial, destination: sender };
    this.send(makeMessage({ ...reply, signature: "s", body: [why] }));
  }
  /** Called with the header of a large message; the body is still to come. */
  #onLarge(message: Message, totalBytes: number): "keep" | "skip" {
    const { type, sender = "" } = message;
    const { maxMessageBytes } = this.environment.limits;
    const isTooLarge = totalBytes > maxMessageBytes;
    const why = `message of ${totalBytes} bytes, the most is ${maxMessageBytes}`;
    if (type === MessageType.METHOD_RETURN || type === MessageType.ERROR) {
      if (isTooLarge) this.#pending.onOversized(message.replySerial, sender, why);
      return !isTooLarge && this.#pending.awaits(message) ? "keep" : "skip";
    }
    if (!isTooLarge && this.#guard.admitsLarge(sender, totalBytes)) return "keep";
    const refusal = isTooLarge ? why : "too much came from this user in large messages; try again in some seconds";
    if (type === MessageType.METHOD_CALL) this.#refuseLarge(message, refusal);
    return "skip";
  }
  #refuseLarge({ sender = "", serial, flags }: Message, why: string): void {
    this.environment.log.debug(() => `refused a large message of ${sender}: ${why}`);
    if (flags & MessageFlag.NO_REPLY_EXPECTED || serial === null) return;
    if (this.#guard.mayRefuse(sender)) this.#refuse(sender, serial, why);
  }
  #ignored(why: string): void {
    this.environment.log.debug(() => `ignored a message: ${why}`);
  }
  #write(message: Message, serial: number, kept?: MarshalledReply): void {
    this.#connection.send((writer) => writeMessage(writer, message, serial, this.environment.limits, kept));
  }
  #nextSerial(): number {
    this.#lastSerial = this.#lastSerial === lastSerial ? 1 : this.#lastSerial + 1;
    return this.#lastSerial;
  }
}

/** A connection that takes no calls and that only calls the bus. */
async function openProbe(environment: SessionEnvironment): Promise<Probe> {
  const session = await BusSession.open(environment, {
    onCall: () => {},
    onSignal: () => {},
    onClosed: () => {},
    ownerOf: () => undefined,
    knownUid: () => undefined,
    credentialsOf: () => Promise.reject(new Error("nobody is asked for")),
  });
  const ask: Call = { ...readSign, timeoutMs: environment.limits.deadMs };
  return {
    roundTrip: () => new Promise((done, fail) => session.request(ask, (error) => (error ? fail(error) : done()))),
    close: () => session.drop("it was a probe"),
  };
}

function callMessage(call: Call): Message {
  const { destination, path, interface: interfaceName, member, signature = "", args = [] } = call;
  const flags =
    (call.noAutoStart ? MessageFlag.NO_AUTO_START : 0) |
    (call.allowInteraction ? MessageFlag.ALLOW_INTERACTIVE_AUTHORIZATION : 0);
  const init = { type: MessageType.METHOD_CALL, flags, destination, path, interface: interfaceName, member };
  return makeMessage({ ...init, signature, body: args });
}

async function openFirst({ address, clock, limits }: SessionEnvironment): Promise<Authenticated> {
  const failures: string[] = [];
  for (const socket of parseAddress(address)) {
    try {
      return await openSocket(socket, clock, limits.connectMs);
    } catch (error) {
      failures.push((error as Error).message);
    }
  }
  throw new Error(failures.join("; "));
}
