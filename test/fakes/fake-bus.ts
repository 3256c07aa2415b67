import type { Cancel, Clock } from "../../src/base/clock.ts";
import {
  BusError,
  type BusPort,
  type Call,
  type ConnectionState,
  type Credentials,
  type IncomingCall,
  type MatchRule,
  type MethodResult,
  type NameReply,
  type SignalMessage,
} from "../../src/bus/bus.ts";
import { matchRuleText } from "../../src/bus/session/match-rules.ts";
import { decodeBody } from "../../src/bus/wire/decode.ts";
import { encodeBody } from "../../src/bus/wire/encode.ts";
import { defaultLimits } from "../../src/bus/wire/limits.ts";
import { MessageType, makeMessage } from "../../src/bus/wire/message.ts";
import { busDaemon, busDaemonPath, isUniqueName, isWellKnownName, standardError } from "../../src/bus/wire/names.ts";
import { Reader } from "../../src/bus/wire/reader.ts";
import { WireError } from "../../src/bus/wire/wire-error.ts";
import { Writer } from "../../src/bus/wire/writer.ts";

/** Enough for a dozen nested awaits. */
const turnsAfterReply = 16;

const refuse = (name: string, message: string): BusError => new BusError(standardError(name), message);

/** WireError about our values, as the port tells it. */
function checked<T>(action: () => T): T {
  try {
    return action();
  } catch (error) {
    throw error instanceof WireError ? refuse("InvalidArgs", error.message) : error;
  }
}

/** The values as they arrive at the other end: written and read by the real codec. */
const transported = (signature: string, values: MethodResult): unknown[] =>
  checked(() => {
    const writer = new Writer();
    writer.begin(defaultLimits.maxSentBytes);
    if (values && "marshalled" in values) for (const part of values.marshalled) writer.raw(part);
    else encodeBody(writer, signature, values ?? []);
    const { bytes, position } = writer;
    return decodeBody(new Reader(bytes, 0, position, true, defaultLimits.maxValues), signature);
  });

/**
 * A message bus in memory with any number of ports. Everything is delivered in later microtasks, in the order sent;
 * values pass the real encoder and decoder. Of org.freedesktop.DBus it knows GetNameOwner.
 */
export class FakeBus {
  readonly #ports = new Map<string, FakeBusPort>();
  readonly #names = new Map<string, FakeBusPort>();
  readonly #known = new Set<FakeBusPort>();
  #lastId = 0;
  #isRunning = true;
  #lastDelivery: Promise<void> = Promise.resolve();

  constructor(readonly clock: Clock) {}

  /** A port of a process of this user with these groups, not connected yet. */
  port(uid = 0, gids: readonly number[] = []): FakeBusPort {
    const port = new FakeBusPort(this, { uid, gids });
    this.#known.add(port);
    return port;
  }
  /** The bus goes away; all connected ports are lost. */
  stop(): void {
    this.#isRunning = false;
    const lost = [...this.#ports.values()];
    this.#ports.clear();
    this.#names.clear();
    for (const port of lost) port.lose();
  }
  /** The bus is back, and with it the ports that were connected. */
  async start(): Promise<void> {
    this.#isRunning = true;
    await Promise.all([...this.#known].filter((port) => port.isWaiting).map((port) => port.comeBack()));
  }

  /** Delivers after all that was sent before. */
  post(deliver: () => void): void {
    this.#lastDelivery = this.#lastDelivery.then(deliver).catch((error: unknown) => {
      // The real port logs it and goes on; a test must hear of it.
      queueMicrotask(() => {
        throw error;
      });
    });
  }
  /** As {@link post}; the code that awaits the reply runs before anything else is delivered. */
  postReply(deliver: () => void): void {
    this.post(deliver);
    for (let turn = 0; turn < turnsAfterReply; turn++) this.post(() => {});
  }
  add(port: FakeBusPort): string {
    if (!this.#isRunning) throw new Error("cannot connect to the message bus: fake: stopped");
    const name = `:1.${++this.#lastId}`;
    this.#ports.set(name, port);
    this.changeOwner(name, undefined, name);
    return name;
  }
  remove(port: FakeBusPort): void {
    this.#known.delete(port);
    const { uniqueName } = port;
    if (uniqueName === undefined || !this.#ports.delete(uniqueName)) return;
    for (const [name, owner] of [...this.#names]) if (owner === port) this.release(name, port);
    this.changeOwner(uniqueName, uniqueName, undefined);
  }
  request(name: string, port: FakeBusPort): NameReply {
    const owner = this.#names.get(name);
    if (owner) return owner === port ? "owner" : "taken";
    this.#names.set(name, port);
    this.changeOwner(name, undefined, port.uniqueName);
    return "owner";
  }
  release(name: string, port: FakeBusPort): void {
    if (this.#names.get(name) !== port) return;
    this.#names.delete(name);
    this.changeOwner(name, port.uniqueName, undefined);
  }
  find(name: string): FakeBusPort | undefined {
    return this.#ports.get(name) ?? this.#names.get(name);
  }
  ownerOf(name: string): string | undefined {
    return name === busDaemon ? busDaemon : this.find(name)?.uniqueName;
  }
  changeOwner(name: string, from: string | undefined, to: string | undefined): void {
    const about = { sender: busDaemon, path: busDaemonPath, interface: busDaemon, member: "NameOwnerChanged" };
    this.deliver({ ...about, args: [name, from ?? "", to ?? ""] });
  }
  deliver(signal: SignalMessage, destination?: string): void {
    // The owners of names at the moment of sending decide, as on a real bus.
    const names = new Map([...this.#names].map(([name, port]) => [name, port.uniqueName]));
    const receivers = destination === undefined ? [...this.#ports.values()] : [this.find(destination)];
    for (const port of receivers) this.post(() => port?.hear(signal, (name) => names.get(name)));
  }
}

interface Match {
  readonly rule: MatchRule;
  readonly onSignal: (signal: SignalMessage) => void;
}

/** One connection to a {@link FakeBus}. */
export class FakeBusPort implements BusPort {
  uniqueName: string | undefined;
  readonly #matches = new Set<Match>();
  readonly #owned = new Set<string>();
  readonly #listeners = new Set<(state: ConnectionState, detail: string) => void>();
  readonly #pending = new Set<(error: BusError) => void>();
  readonly #watches = new Set<() => void>();
  #onCall: ((call: IncomingCall) => void) | undefined;
  isWaiting = false;

  constructor(
    private readonly bus: FakeBus,
    readonly credentials: Credentials,
  ) {}

  async connect(): Promise<void> {
    this.uniqueName = this.bus.add(this);
    for (const ask of this.#watches) ask();
  }
  async close(): Promise<void> {
    this.bus.remove(this);
    this.uniqueName = undefined;
    this.isWaiting = false;
    this.#rejectAll();
  }
  lose(): void {
    this.uniqueName = undefined;
    this.isWaiting = true;
    this.#rejectAll();
    for (const ask of this.#watches) ask();
    for (const listener of [...this.#listeners]) listener("lost", "the fake bus was stopped");
  }
  async comeBack(): Promise<void> {
    await this.connect();
    this.isWaiting = false;
    const taken = [...this.#owned].filter((name) => this.bus.request(name, this) === "taken");
    for (const listener of [...this.#listeners]) listener("restored", this.uniqueName ?? "");
    for (const name of taken) for (const listener of [...this.#listeners]) listener("name-taken", name);
  }
  #rejectAll(): void {
    for (const reject of [...this.#pending]) reject(refuse("Disconnected", "the connection to the bus was lost"));
    this.#pending.clear();
  }

  async call(call: Call): Promise<readonly unknown[]> {
    const sender = this.#connected();
    const { destination, path, interface: interfaceName, member, signature = "", args = [], timeoutMs = 25_000 } = call;
    checked(() => makeMessage({ type: MessageType.METHOD_CALL, destination, path, interface: interfaceName, member }));
    const values = transported(signature, args);
    return new Promise((resolve, reject) => {
      const settle = (error: BusError | undefined, result: readonly unknown[] = []) => {
        cancel();
        this.#pending.delete(settle);
        this.bus.postReply(() => (error ? reject(error) : resolve(result)));
      };
      this.#pending.add(settle);
      const late = () => settle(refuse("NoReply", `no reply to ${interfaceName}.${member} within ${timeoutMs} ms`));
      const cancel = this.bus.clock.startTimer("bus-call", timeoutMs, late);
      const incoming = new FakeCall({ ...call, signature }, sender, this.credentials, values, settle);
      this.bus.post(() => this.#route(destination, incoming));
    });
  }
  #route(destination: string, call: FakeCall): void {
    if (destination === busDaemon) answerAsBus(this.bus, call);
    else {
      const port = this.bus.find(destination);
      if (port) port.take(call);
      else call.fail(standardError("ServiceUnknown"), `the name ${destination} is not owned`);
    }
  }
  take(call: FakeCall): void {
    if (this.#onCall) this.#onCall(call);
    else call.fail(standardError("UnknownObject"), `no object at ${call.path}`);
  }
  serve(onCall: ((call: IncomingCall) => void) | undefined): void {
    this.#onCall = onCall;
  }

  emit(
    path: string,
    interfaceName: string,
    member: string,
    signature: string,
    args: Parameters<BusPort["emit"]>[4],
    destination?: string,
  ): void {
    if (this.uniqueName === undefined) return;
    checked(() => makeMessage({ type: MessageType.SIGNAL, path, interface: interfaceName, member, destination }));
    const values = transported(signature, args);
    this.bus.deliver({ sender: this.uniqueName, path, interface: interfaceName, member, args: values }, destination);
  }
  hear(signal: SignalMessage, ownerOf: (name: string) => string | undefined): void {
    for (const { rule, onSignal } of [...this.#matches]) if (fits(rule, signal, ownerOf)) onSignal(signal);
  }
  match(rule: MatchRule, onSignal: (signal: SignalMessage) => void): Cancel {
    matchRuleText(rule);
    const match = { rule, onSignal };
    this.#matches.add(match);
    return () => this.#matches.delete(match);
  }
  watchName(name: string, onOwner: (owner: string | undefined) => void): Cancel {
    let last: string | undefined | null = null;
    let isOver = false;
    const learn = (owner: string | undefined) => {
      if (isOver || owner === last) return;
      last = owner;
      onOwner(owner);
    };
    const ask = () => this.bus.post(() => learn(this.uniqueName === undefined ? undefined : this.bus.ownerOf(name)));
    this.#watches.add(ask);
    const rule = { sender: busDaemon, member: "NameOwnerChanged", arg0: name };
    const cancel = this.match(rule, ({ args }) => learn((args[2] as string) || undefined));
    ask();
    return () => {
      isOver = true;
      this.#watches.delete(ask);
      cancel();
    };
  }

  async requestName(name: string): Promise<NameReply> {
    if (!isWellKnownName(name)) throw refuse("InvalidArgs", `invalid bus name ${name}`);
    this.#connected();
    const reply = this.bus.request(name, this);
    if (reply === "owner") this.#owned.add(name);
    return reply;
  }
  async releaseName(name: string): Promise<void> {
    this.#owned.delete(name);
    this.bus.release(name, this);
  }
  async credentialsOf(sender: string): Promise<Credentials> {
    if (!isUniqueName(sender)) throw refuse("InvalidArgs", "a sender is a unique name");
    const port = this.bus.find(sender);
    if (!port) throw refuse("NameHasNoOwner", `${sender} is not on the bus`);
    return port.credentials;
  }
  onConnection(listener: (state: ConnectionState, detail: string) => void): Cancel {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
  #connected(): string {
    if (this.uniqueName === undefined) throw refuse("Disconnected", "not connected to the bus");
    return this.uniqueName;
  }
}

class FakeCall implements IncomingCall {
  readonly destination: string;
  readonly path: string;
  readonly interface: string;
  readonly member: string;
  readonly signature: string;
  readonly expectsReply = true;
  readonly allowsInteraction: boolean;
  constructor(
    call: Call,
    readonly sender: string,
    private readonly credentialsOfSender: Credentials,
    private readonly values: readonly unknown[],
    private readonly settle: (error: BusError | undefined, result?: readonly unknown[]) => void,
  ) {
    this.destination = call.destination;
    this.path = call.path;
    this.interface = call.interface;
    this.member = call.member;
    this.signature = call.signature ?? "";
    this.allowsInteraction = call.allowInteraction ?? false;
  }
  async credentials(): Promise<Credentials> {
    return this.credentialsOfSender;
  }
  async inTurn<R>(work: () => R | Promise<R>): Promise<R> {
    return work();
  }
  args(): readonly unknown[] {
    return this.values;
  }
  reply(signature: string, result: MethodResult): void {
    this.settle(undefined, transported(signature, result));
  }
  fail(errorName: string, message: string): void {
    this.settle(new BusError(errorName, message.slice(0, 1000)));
  }
}

function answerAsBus(bus: FakeBus, call: FakeCall): void {
  const name = String(call.args()[0]);
  const owner = bus.ownerOf(name);
  if (call.member !== "GetNameOwner") {
    call.fail(standardError("UnknownMethod"), `the fake bus has no ${call.member}`);
  } else if (owner === undefined) call.fail(standardError("NameHasNoOwner"), `nobody owns ${name}`);
  else call.reply("s", [owner]);
}

function fits(rule: MatchRule, signal: SignalMessage, ownerOf: (name: string) => string | undefined): boolean {
  const { sender, pathNamespace, arg0 } = rule;
  if (sender !== undefined && sender !== signal.sender && ownerOf(sender) !== signal.sender) return false;
  if (pathNamespace !== undefined && !`${signal.path}/`.startsWith(pathNamespace === "/" ? "/" : `${pathNamespace}/`)) {
    return false;
  }
  if (arg0 !== undefined && signal.args[0] !== arg0) return false;
  return (["path", "interface", "member"] as const).every(
    (key) => rule[key] === undefined || rule[key] === signal[key],
  );
}
