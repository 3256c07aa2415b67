/**
 * Port to D-Bus. Nothing above this folder knows which library is underneath. Values are as in base/property.ts: 64-bit
 * integers are bigint, `ay` is a Buffer, dictionaries decode to Map (and encode from Map or plain object), variants are
 * {@link WireVariant}.
 */
import type { Cancel } from "../base/clock.ts";
import type { AnyPropertyDef, WireVariant } from "../base/property.ts";

export interface Call {
  readonly destination: string;
  readonly path: string;
  readonly interface: string;
  readonly member: string;
  /** Empty when absent. */
  readonly signature?: string;
  readonly args?: readonly unknown[];
  /** 25,000 when absent, as libdbus. */
  readonly timeoutMs?: number;
  readonly noAutoStart?: boolean;
  /** Lets the other side ask a person for a password before it answers; the time limit should leave room for that. */
  readonly allowInteraction?: boolean;
}

/**
 * An error reply to a call of ours, or a local one: org.freedesktop.DBus.Error.NoReply, .Disconnected, .InvalidArgs.
 */
export class BusError extends Error {
  override readonly name = "BusError";
  constructor(
    /** The D-Bus error name. */
    readonly busName: string,
    message: string,
  ) {
    super(message);
  }
}

export interface SignalMessage {
  readonly sender: string;
  readonly path: string;
  readonly interface: string;
  readonly member: string;
  readonly args: readonly unknown[];
}

export interface MatchRule {
  readonly sender?: string;
  readonly path?: string;
  readonly pathNamespace?: string;
  readonly interface?: string;
  readonly member?: string;
  readonly arg0?: string;
}

export type NameReply = "owner" | "taken";

/**
 * `lost`: reconnecting with back-off has begun; owners of watched names have been told as undefined. `restored`: names
 * and matches are back. `name-taken`: connected again, but another program owns the name in `detail` now.
 */
export type ConnectionState = "lost" | "restored" | "name-taken";

/** A method call to us. To be answered once, in any turn; a second answer is ignored. */
export interface IncomingCall extends Caller {
  /** The name that was called, unique or well-known. */
  readonly destination: string | undefined;
  readonly path: string;
  /** Undefined: the caller left it out, any interface with that member will do. */
  readonly interface: string | undefined;
  readonly member: string;
  /** Of the arguments, empty for none. */
  readonly signature: string;
  /** False: the caller wants to hear nothing; answers are ignored. */
  readonly expectsReply: boolean;
  /**
   * Valid in the turn of arrival only. Throws BusError InvalidArgs for a malformed body or one with file descriptors.
   */
  args(): readonly unknown[];
  /** Throws BusError InvalidArgs, having sent nothing, for values that do not fit or are too large. */
  reply(signature: string, result: MethodResult): void;
  /** `message` is cut at 1,000 characters. */
  fail(errorName: string, message: string): void;
}

export interface BusPort {
  /** Undefined while disconnected. */
  readonly uniqueName: string | undefined;
  /** Connects, authenticates, says Hello. Rejects with one clear line (address and cause). */
  connect(): Promise<void>;
  /** Rejects with {@link BusError}. All pending calls are rejected when the connection is lost. */
  call(call: Call): Promise<readonly unknown[]>;
  /**
   * Dropped silently while disconnected: the dispatcher resends state after a reconnect. Throws BusError InvalidArgs
   * for values that do not fit.
   */
  emit(
    path: string,
    interfaceName: string,
    member: string,
    signature: string,
    args: readonly unknown[] | MarshalledReply,
    destination?: string,
  ): void;
  /** Primary owner without queueing; asked for again after a reconnect. */
  requestName(name: string): Promise<NameReply>;
  releaseName(name: string): Promise<void>;
  /** Reference-counted: one AddMatch on the bus per distinct rule. Survives reconnects, and restarts of the sender. */
  match(rule: MatchRule, onSignal: (signal: SignalMessage) => void): Cancel;
  /**
   * Tells the present owner first (undefined: none) in a later turn, then each change. While disconnected there is
   * none.
   */
  watchName(name: string, onOwner: (owner: string | undefined) => void): Cancel;
  /** Cached until the sender leaves the bus. */
  credentialsOf(sender: string): Promise<Credentials>;
  onConnection(listener: (state: ConnectionState, detail: string) => void): Cancel;
  /**
   * Sets the handler of calls to us; the {@link Dispatcher}. Without it, or after undefined, every call is answered
   * UnknownObject.
   */
  serve(onCall: ((call: IncomingCall) => void) | undefined): void;
  /** Sends queued messages (for at most 1 s), then closes; not reconnecting any more. */
  close(): Promise<void>;
}

/** The kernel's record of a process at the moment when it connected to the bus. */
export interface Credentials {
  readonly uid: number;
  /** All groups it had then; undefined where the bus does not tell. */
  readonly gids: readonly number[] | undefined;
}

/** The caller, as a handler sees it. */
export interface Caller {
  /** Unique bus name. */
  readonly sender: string;
  /** Whether the call may wait for a person to be asked (ALLOW_INTERACTIVE_AUTHORIZATION). */
  readonly allowsInteraction: boolean;
  credentials(): Promise<Credentials>;
  /**
   * Does work for a call that had to wait (for the word of polkit, say) when its user has the next turn: at once,
   * unless calls wait. Rejects with BusError LimitsExceeded when too many of this user wait, and Disconnected.
   */
  inTurn<R>(work: () => R | Promise<R>): Promise<R>;
}

export interface Argument {
  readonly name: string;
  readonly signature: string;
}

export interface MethodDef {
  readonly in: readonly Argument[];
  readonly out: readonly Argument[];
  readonly doc: string;
  /** Codes of base/errors.ts the method may answer, for the reference page. */
  readonly errors?: readonly string[];
}

export interface SignalDef {
  readonly args: readonly Argument[];
  readonly doc: string;
}

/** A reply whose body is already marshalled (little endian, starting at an 8-aligned offset). */
export interface MarshalledReply {
  readonly marshalled: readonly Uint8Array[];
}

/** Values by `out` signature; undefined for none. */
export type MethodResult = readonly unknown[] | MarshalledReply | undefined;
/**
 * `target` is that of the {@link ExportedInterface}. A promise delays the reply; a throw becomes an error reply
 * (DaemonError and BusError with their own name, others InternalError without stack and text).
 */
export type MethodHandler<T = unknown> = (
  args: readonly unknown[],
  caller: Caller,
  target: T,
) => MethodResult | Promise<MethodResult>;

/** Properties of one interface of one object, for org.freedesktop.DBus.Properties, Introspect and GetManagedObjects. */
export interface ExportedProperties {
  // biome-ignore lint/suspicious/noExplicitAny: the dispatcher reads signature, doc and access only
  readonly defs: ReadonlyMap<string, AnyPropertyDef<any>>;
  /**
   * Undefined: absent for now. Must be cheap and must not throw. Never asked for secret, internal or write-only ones.
   */
  value(name: string): unknown;
  /** Brings values up to date that are costly to follow; called before a client reads. */
  refresh?(): void;
  /** Refuses by throwing DaemonError. Absent: the whole interface is read-only. */
  set?(name: string, value: WireVariant, caller: Caller): void | Promise<void>;
}

/**
 * One interface of one object. The tables are shared by all objects of a kind; only `target` and `properties` are its
 * own.
 */
export interface ExportedInterface<T = unknown> {
  readonly name: string;
  readonly methods: ReadonlyMap<string, MethodDef & { readonly handler: MethodHandler<T> }>;
  readonly signals: ReadonlyMap<string, SignalDef>;
  readonly properties?: ExportedProperties;
  /** Handed to each handler: the object's own value. */
  readonly target: T;
}

// biome-ignore lint/suspicious/noExplicitAny: an object has interfaces with targets of several types
export type AnyExportedInterface = ExportedInterface<any>;

/** The object tree of the daemon over one BusPort. */
export interface Dispatcher {
  /** Throws when the path is invalid or taken. Announced by InterfacesAdded on `/` at the end of the turn. */
  export(path: string, interfaces: readonly AnyExportedInterface[]): ExportedObject;
}

export interface ExportedObject {
  readonly path: string;
  /**
   * Forgets the marshalled bytes of the interface and tells org.freedesktop.DBus.Properties clients at the end of the
   * turn, once however often it changed; a secret one is told as invalidated, without its value.
   */
  propertyChanged(interfaceName: string, name: string): void;
  /** By the signature of the signal's table. Throws BusError InvalidArgs for values that do not fit. */
  emit(interfaceName: string, signal: string, args: readonly unknown[]): void;
  /**
   * The body of an `a{sv}` reply with all present readable properties of the interface, from bytes kept since the last
   * change.
   */
  marshalledProperties(interfaceName: string): MarshalledReply;
  /** Announced by InterfacesRemoved. Twice is harmless. */
  remove(): void;
}
