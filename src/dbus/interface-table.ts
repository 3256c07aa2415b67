import { DaemonError } from "../base/errors.ts";
import type { PropertyShape, WireVariant } from "../base/property.ts";
import type { Caller, MarshalledReply, MethodDef, MethodHandler, MethodResult, SignalDef } from "../bus/bus.ts";
import { type AccessPolicy, type Owner, type Right, requireRight } from "./access.ts";

/** An object on an interface, as its methods see it. */
export interface Target<T> {
  readonly of: T;
  readonly access: AccessPolicy;
  /** Off the bus; a call may have waited meanwhile. */
  readonly isGone: boolean;
  marshalledProperties(): MarshalledReply;
  setProperty(name: string, variant: WireVariant): void;
  /** As `setProperty`, for a caller who may change the object but perhaps not give it to everybody. */
  setPropertyFor(caller: Caller, name: string, variant: WireVariant): Promise<void>;
  clearProperty(name: string): void;
}

/** One method: its line in the XML and in docs/, and what it does. */
export interface MethodEntry<T> extends MethodDef {
  /** Who may call it (access.ts). */
  readonly right: Right;
  /** Whose the thing is that these arguments are about. Absent: as {@link InterfaceTable.ownerOf} says of the object. */
  ownerOf?(of: T, args: readonly unknown[]): Owner;
  call(of: T, args: readonly unknown[], caller: Caller, target: Target<T>): MethodResult | Promise<MethodResult>;
}

/** What is to be said of one interface; shared by all objects that have it. */
export interface InterfaceTable<T> {
  readonly name: string;
  readonly doc: string;
  readonly methods: ReadonlyMap<string, MethodEntry<T> & { readonly handler: MethodHandler<Target<T>> }>;
  readonly signals: ReadonlyMap<string, SignalDef>;
  /** Absent: no properties. */
  readonly properties?: PropertyShape<T>;
  /** Whose such an object is. */
  ownerOf(of: T): Owner;
  /** Who is given the object when this property is set to this value. Absent, or undefined: nobody. */
  receiverOf?(of: T, property: string, value: unknown): Owner | undefined;
}

/** Arguments as `name: signature` pairs, in order. */
export const args = (named: Readonly<Record<string, string>>) =>
  Object.entries(named).map(([name, signature]) => ({ name, signature }));

interface InterfaceParts<T> {
  readonly name: string;
  readonly doc: string;
  readonly methods: Readonly<Record<string, MethodEntry<T>>>;
  readonly signals?: Readonly<Record<string, SignalDef>>;
  readonly properties?: PropertyShape<T>;
  /** Absent: the machine's. */
  ownerOf?(of: T): Owner;
  receiverOf?(of: T, property: string, value: unknown): Owner | undefined;
}

export function interfaceTable<T>(parts: InterfaceParts<T>): InterfaceTable<T> {
  const { name, doc, properties, ownerOf = () => "machine" } = parts;
  const methods = Object.entries(parts.methods).map(
    ([name, entry]) => [name, { ...entry, handler: handlerOf(`${parts.name}.${name}`, entry, ownerOf) }] as const,
  );
  return {
    name,
    doc,
    methods: new Map(methods),
    signals: new Map(Object.entries(parts.signals ?? {})),
    ownerOf,
    ...(parts.receiverOf && { receiverOf: parts.receiverOf }),
    ...(properties && { properties }),
  };
}

/** A method that only reads answers in the same turn; the others wait until it is known who asks. */
function handlerOf<T>(what: string, entry: MethodEntry<T>, ownerOf: (of: T) => Owner): MethodHandler<Target<T>> {
  const { right, ownerOf: whose = ownerOf } = entry;
  if (right === "read") return (values, caller, target) => entry.call(target.of, values, caller, target);
  return async (values, caller, target) => {
    const request = { right, what, whose: () => whose(target.of, values) };
    await requireRight(target.access, caller, request);
    return caller.inTurn(() => {
      if (target.isGone) throw new DaemonError("NotFound", `the object of ${what} is gone`);
      return entry.call(target.of, values, caller, target);
    });
  };
}
