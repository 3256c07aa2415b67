import { NameFlag, RequestNameReply } from "dbus-next/lib/constants.js";
import type { Cancel, Clock } from "../base/clock.ts";
import { describeError } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import type { Quiet } from "../base/quiet.ts";
import {
  BusError,
  type BusPort,
  type Call,
  type ConnectionState,
  type Credentials,
  type IncomingCall,
  type MarshalledReply,
  type MatchRule,
  type NameReply,
  type SignalMessage,
} from "./bus.ts";
import { BusSession, type SessionHost } from "./session/bus-session.ts";
import { WireCall } from "./session/incoming-call.ts";
import { MatchTable } from "./session/match-table.ts";
import { NameOwners } from "./session/name-owners.ts";
import { SenderCredentials } from "./session/sender-credentials.ts";
import { type BusLimits, defaultLimits } from "./wire/limits.ts";
import type { Message, Received } from "./wire/message.ts";
import { busDaemon, busDaemonPath, isWellKnownName, standardError } from "./wire/names.ts";
import type { Signal } from "./wire/signal.ts";
import { quote } from "./wire/signature.ts";
import { WireError } from "./wire/wire-error.ts";

/** A bus that restarts is back within tens of milliseconds; one that stays away is asked at this pace at most. */
const firstRetryMs = 50;
const longestRetryMs = 5_000;
const closeGraceMs = 1_000;
/** How long the bus may take to notice that a connection of ours has ended. */
const departureMs = 5_000;

export interface BusClientOptions {
  /** D-Bus address; several with `;` are tried in turn. */
  readonly address: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly limits?: Partial<BusLimits>;
  /** Signals may wait for its end; a reply takes them along. Absent: they never do. */
  readonly quiet?: Pick<Quiet, "afterwards" | "end" | "isOn">;
}

/** The real {@link BusPort}: keeps names, matches and watches across connections. */
export class BusClient implements BusPort {
  readonly #options: BusClientOptions;
  readonly #limits: BusLimits;
  readonly #names = new Set<string>();
  readonly #listeners = new Set<(state: ConnectionState, detail: string) => void>();
  readonly #matches: MatchTable;
  readonly #owners: NameOwners;
  readonly #credentials: SenderCredentials;
  readonly #host: SessionHost;
  #session: BusSession | undefined;
  #onCall: ((call: IncomingCall) => void) | undefined;
  #phase: "new" | "up" | "lost" | "closed" = "new";
  #cancelRetry: Cancel | undefined;
  /** The connection before this one. */
  #former: { readonly uniqueName: string; readonly busId: string } | undefined;

  constructor(options: BusClientOptions) {
    this.#options = options;
    this.#limits = { ...defaultLimits, ...options.limits };
    const onListenerError = (where: string, error: unknown) => this.#onListenerError(where, error);
    const match = (rule: MatchRule, onSignal: (signal: SignalMessage) => void) => this.match(rule, onSignal);
    this.#owners = new NameOwners({ match, onListenerError, askOwner: (name, tell) => this.#askOwner(name, tell) });
    this.#credentials = new SenderCredentials({ match, call: (call) => this.call(call) });
    this.#matches = new MatchTable({
      addMatch: (rule) => this.#addMatch(rule),
      removeMatch: (rule) => this.#tellDaemon("RemoveMatch", rule),
      ownerOf: (name) => this.#owners.ownerOf(name),
      onListenerError,
      onBadSignal: (why) => options.log.debug(() => `ignored a signal: ${why}`),
    });
    this.#host = {
      onCall: (received, session) => this.#onReceivedCall(received, session),
      onSignal: (received) => this.#matches.dispatch(received),
      onClosed: (session, why) => this.#onClosed(session, why),
      ownerOf: (name) => this.#owners.ownerOf(name),
      knownUid: (sender) => this.#credentials.knownUid(sender),
      credentialsOf: (sender) => this.credentialsOf(sender),
    };
  }

  get uniqueName(): string | undefined {
    return this.#session?.uniqueName;
  }

  async connect(): Promise<void> {
    if (this.#phase !== "new") throw new Error("the bus was connected to before");
    await this.#establish();
    this.#phase = this.#session ? "up" : "lost";
    if (!this.#session) this.#retryIn(firstRetryMs);
  }

  async call(call: Call): Promise<readonly unknown[]> {
    return new Promise((resolve, reject) => {
      this.#connected().request(call, (error, args) => (error ? reject(error) : resolve(args)));
    });
  }

  emit(
    path: string,
    interfaceName: string,
    member: string,
    signature: string,
    args: readonly unknown[] | MarshalledReply,
    destination?: string,
  ): void {
    const { quiet } = this.#options;
    const session = this.#session;
    if (!session) return;
    const signal = { path, interface: interfaceName, member, signature, destination };
    if (!quiet?.isOn) {
      emitNow(session, signal, args);
      return;
    }
    const kept = "marshalled" in args ? copyOf(args) : args;
    quiet.afterwards(() => {
      // On another connection the destination may be another client's name.
      if (session === this.#session) emitNow(session, signal, kept);
    });
  }

  async requestName(name: string): Promise<NameReply> {
    if (!isWellKnownName(name)) throw new BusError(standardError("InvalidArgs"), `invalid bus name ${quote(name)}`);
    const reply = await this.#askForName(name);
    if (reply === "owner") this.#names.add(name);
    return reply;
  }
  async releaseName(name: string): Promise<void> {
    this.#names.delete(name);
    if (this.#session) await this.#callDaemon("ReleaseName", "s", [name]);
  }
  async #askForName(name: string): Promise<NameReply> {
    const [reply] = await this.#callDaemon("RequestName", "su", [name, NameFlag.DO_NOT_QUEUE]);
    const isOwner = reply === RequestNameReply.PRIMARY_OWNER || reply === RequestNameReply.ALREADY_OWNER;
    return isOwner ? "owner" : "taken";
  }

  match(rule: MatchRule, onSignal: (signal: SignalMessage) => void): Cancel {
    const { sender } = rule;
    // The signals carry the unique name, so a well-known sender has to be followed to be recognised.
    const isFollowed = sender !== undefined && sender !== busDaemon && !sender.startsWith(":");
    const stopFollowing = isFollowed ? this.#owners.watch(sender, () => {}) : undefined;
    try {
      const cancel = this.#matches.add(rule, onSignal);
      return () => {
        cancel();
        stopFollowing?.();
      };
    } catch (error) {
      stopFollowing?.();
      throw error;
    }
  }
  watchName(name: string, onOwner: (owner: string | undefined) => void): Cancel {
    return this.#owners.watch(name, onOwner);
  }
  credentialsOf(sender: string): Promise<Credentials> {
    return this.#credentials.of(sender);
  }
  onConnection(listener: (state: ConnectionState, detail: string) => void): Cancel {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
  serve(onCall: ((call: IncomingCall) => void) | undefined): void {
    this.#onCall = onCall;
  }

  async close(): Promise<void> {
    this.#options.quiet?.end();
    this.#phase = "closed";
    this.#cancelRetry?.();
    const session = this.#session;
    await session?.close(closeGraceMs);
    this.#credentials.clear();
  }

  /** Connects and brings back all that the bus has forgotten; names come last, when everything else is in place. */
  async #establish(): Promise<void> {
    const { address, clock, log } = this.#options;
    const session = await BusSession.open({ address, clock, log, limits: this.#limits }, this.#host);
    if (this.#phase === "closed") return session.close(0);
    this.#session = session;
    for (const rule of this.#matches.rules) this.#addMatch(rule);
    this.#owners.onConnected();
    const replies = await Promise.all([...this.#names].map(async (name) => [name, await this.#regain(name)] as const));
    const taken = replies.filter(([, reply]) => reply === "taken").map(([name]) => name);
    for (const name of taken) this.#names.delete(name);
    if (this.#phase !== "lost") return;
    log.info(() => `connected to the bus again, as ${session.uniqueName}`);
    this.#phase = "up";
    this.#tell("restored", session.uniqueName);
    for (const name of taken) this.#tell("name-taken", name);
  }

  async #regain(name: string): Promise<NameReply> {
    const reply = await this.#askForName(name);
    // Unique names are given anew by a bus that has restarted, and the one of then says nothing.
    const former = this.#former?.busId === this.#session?.busId ? this.#former?.uniqueName : undefined;
    if (reply === "owner" || former === undefined) return reply;
    const [owner] = await this.#callDaemon("GetNameOwner", "s", [name]).catch(() => []);
    if (owner !== former && owner !== undefined) return reply;
    // A bus that had ceased to read us notices that the former connection is gone only when it writes to it.
    const ping = { destination: former, path: "/", interface: "org.freedesktop.DBus.Peer", member: "Ping" };
    await this.call({ ...ping, timeoutMs: departureMs }).catch(() => {});
    return this.#askForName(name);
  }

  #onClosed(session: BusSession, why: string): void {
    if (session !== this.#session) return;
    this.#session = undefined;
    this.#former = { uniqueName: session.uniqueName, busId: session.busId };
    this.#credentials.clear();
    this.#owners.onLost();
    if (this.#phase === "up") {
      this.#phase = "lost";
      this.#options.log.warn(`the connection to the bus was lost: ${why}`);
      this.#tell("lost", why);
    }
    if (this.#phase === "lost") this.#retryIn(firstRetryMs);
  }
  #retryIn(ms: number): void {
    this.#cancelRetry?.();
    this.#cancelRetry = this.#options.clock.startTimer("bus-reconnect", ms, () => void this.#retry(ms));
  }
  async #retry(ms: number): Promise<void> {
    try {
      await this.#establish();
    } catch (error) {
      this.#options.log.debug(() => describeError(error));
      if (this.#phase === "lost" && !this.#session) this.#retryIn(Math.min(ms * 2, longestRetryMs));
    }
  }
  #tell(state: ConnectionState, detail: string): void {
    for (const listener of [...this.#listeners]) {
      try {
        listener(state, detail);
      } catch (error) {
        this.#onListenerError(`connection ${state}`, error);
      }
    }
  }

  #onReceivedCall(received: Received, session: BusSession): void {
    const call = new WireCall(received, {
      credentialsOf: (sender) => this.credentialsOf(sender),
      inTurn: (sender, work) => session.onWork(sender, work),
      // On another connection the serial would belong to another client's call.
      sendReply: (message: Message, kept?: MarshalledReply) => {
        if (session !== this.#session) return;
        // Clients rely on it: events before the reply are told before it.
        this.#options.quiet?.end();
        session.send(message, kept);
      },
    });
    if (this.#onCall) this.#onCall(call);
    else call.fail(standardError("UnknownObject"), `no object at ${quote(call.path)}`);
  }
  #connected(): BusSession {
    if (!this.#session) throw new BusError(standardError("Disconnected"), "not connected to the bus");
    return this.#session;
  }
  #callDaemon(member: string, signature: string, args: readonly unknown[]): Promise<readonly unknown[]> {
    return this.call(daemonCall(member, signature, args));
  }
  /** For orders whose failure changes nothing. */
  #tellDaemon(member: string, argument: string): void {
    this.#session?.request(daemonCall(member, "s", [argument]), () => {});
  }
  #addMatch(rule: string): void {
    this.#session?.request(daemonCall("AddMatch", "s", [rule]), (error) => {
      if (error && this.#session) this.#options.log.error(`the bus refused to match ${rule}: ${error.message}`);
    });
  }
  #askOwner(name: string, tell: (owner: string | undefined) => void): void {
    this.#session?.request(daemonCall("GetNameOwner", "s", [name]), (error, args) => {
      // Any other error, or the loss of the connection, says nothing about the name.
      if (!error) tell(args[0] as string);
      else if (error.busName === standardError("NameHasNoOwner")) tell(undefined);
    });
  }
  #onListenerError(where: string, error: unknown): void {
    this.#options.log.error(`a listener failed at ${where}: ${describeError(error)}`);
  }
}

const daemonCall = (member: string, signature: string, args: readonly unknown[]): Call => ({
  destination: busDaemon,
  path: busDaemonPath,
  interface: busDaemon,
  member,
  signature,
  args,
});

function emitNow(session: BusSession, signal: Signal, args: readonly unknown[] | MarshalledReply): void {
  try {
    session.emit(signal, args);
  } catch (error) {
    throw asInvalidArgs(error, `signal ${quote(signal.member)}`);
  }
}

function asInvalidArgs(error: unknown, where: string): unknown {
  return error instanceof WireError ? new BusError(standardError("InvalidArgs"), `${where}: ${error.message}`) : error;
}

/** The bytes are the sender's: it may use them for its next signal. */
const copyOf = ({ marshalled }: MarshalledReply): MarshalledReply => ({
  marshalled: marshalled.map((part) => Uint8Array.from(part)),
});
