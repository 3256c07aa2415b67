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
}

/** An error reply to a call of ours, or a local one: org.freedesktop.DBus.Error.NoReply, .Disconnected, .InvalidArgs. */
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

export interface BusPort {
  /** Undefined while disconnected. */
  readonly uniqueName: string | undefined;
  /** Connects, authenticates, says Hello. Rejects with one clear line (address and cause). */
  connect(): Promise<void>;
  /** Rejects with {@link BusError}. All pending calls are rejected when the connection is lost. */
  call(call: Call): Promise<readonly unknown[]>;
  /** Dropped silently while disconnected: the dispatcher resends state after a reconnect. Throws BusError InvalidArgs for values that do not fit. */
  emit(path: string, interfaceName: string, member: string, signature: string, args: readonly unknown[], destination?: string): void;
  /** Primary owner without queueing; asked for again after a reconnect. */
  requestName(name: string): Promise<NameReply>;
  releaseName(name: string): Promise<void>;
  /** Reference-counted: one AddMatch on the bus per distinct rule. Survives reconnects, and restarts of the sender. */
  match(rule: MatchRule, onSignal: (signal: SignalMessage) => void): Cancel;
  /** Tells the present owner first (undefined: none), then each change. */
  watchName(name: string, onOwner: (owner: string | undefined) => void): Cancel;
  /** Cached until the sender leaves the bus. */
  uidOf(sender: string): Promise<number>;
  /** `lost`: reconnecting with back-off has begun. `restored`: names and matches are back. */
  onConnection(listener: (state: "lost" | "restored", detail: string) => void): Cancel;
  /** Sends what is queued (at most 1 s), then closes; not reconnecting any more. */
  close(): Promise<void>;
}

/** Who calls, as a handler sees it. */
export interface Caller {
  /** Unique bus name. */
  readonly sender: string;
  uid(): Promise<number>;
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

/** Values by `out` signature; a promise delays the reply; a throw becomes an error reply (DaemonError its own name, others InternalError without a stack). */
export type MethodResult = readonly unknown[] | MarshalledReply | undefined;
export type MethodHandler = (args: readonly unknown[], caller: Caller) => MethodResult | Promise<MethodResult>;

/** Properties of one interface of one object, for org.freedesktop.DBus.Properties, Introspect and GetManagedObjects. */
export interface ExportedProperties {
  // biome-ignore lint/suspicious/noExplicitAny: the dispatcher reads signature, doc and access only
  readonly defs: ReadonlyMap<string, AnyPropertyDef<any>>;
  /** Undefined: absent for now. Must be cheap and must not throw. */
  value(name: string): unknown;
  /** Refuses by throwing DaemonError. Absent: the whole interface is read-only. */
  set?(name: string, value: WireVariant, caller: Caller): void | Promise<void>;
}

export interface ExportedInterface {
  readonly name: string;
  readonly methods: ReadonlyMap<string, MethodDef & { readonly handler: MethodHandler }>;
  readonly signals: ReadonlyMap<string, SignalDef>;
  readonly properties?: ExportedProperties;
}

/** The object tree of the daemon over one BusPort. */
export interface Dispatcher {
  /** Throws when the path is invalid or taken. Announced by InterfacesAdded on `/`. */
  export(path: string, interfaces: readonly ExportedInterface[]): ExportedObject;
}

export interface ExportedObject {
  readonly path: string;
  /** Tells org.freedesktop.DBus.Properties clients, and forgets the marshalled bytes of that property. */
  propertyChanged(interfaceName: string, name: string): void;
  emit(interfaceName: string, signal: string, args: readonly unknown[]): void;
  /** The body of an `a{sv}` reply with all present properties of the interface, from bytes kept per property. */
  marshalledProperties(interfaceName: string): MarshalledReply;
  /** Announced by InterfacesRemoved. Twice is harmless. */
  remove(): void;
}
