import { DaemonError } from "../base/errors.ts";
import type { PropertyShape, WireVariant } from "../base/property.ts";
import type { Caller, MarshalledReply, MethodDef, MethodHandler, MethodResult, SignalDef } from "../bus/bus.ts";
import type { AccessPolicy } from "./access.ts";

/** An object on an interface, as its methods see it. */
export interface Target<T> {
  readonly of: T;
  readonly access: AccessPolicy;
  /** Off the bus; a call may have waited meanwhile. */
  readonly isGone: boolean;
  marshalledProperties(): MarshalledReply;
  setProperty(name: string, variant: WireVariant): void;
  clearProperty(name: string): void;
}

/** One method: its line in the XML and in docs/, and what it does. */
export interface MethodEntry<T> extends MethodDef {
  /** Changes something, so only those may call it who may (access.ts). The others are open to every local user. */
  readonly changes: boolean;
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
}

export function interfaceTable<T>(parts: InterfaceParts<T>): InterfaceTable<T> {
  const methods = Object.entries(parts.methods).map(
    ([name, entry]) => [name, { ...entry, handler: handlerOf(`${parts.name}.${name}`, entry) }] as const,
  );
  const { name, doc, properties } = parts;
  return {
    name,
    doc,
    methods: new Map(methods),
    signals: new Map(Object.entries(parts.signals ?? {})),
    ...(properties && { properties }),
  };
}

/** A method that only reads answers in the same turn; one that changes something waits until it is known who asks. */
function handlerOf<T>(name: string, entry: MethodEntry<T>): MethodHandler<Target<T>> {
  if (!entry.changes) return (values, caller, target) => entry.call(target.of, values, caller, target);
  return async (values, caller, target) => {
    await target.access.requireChange(caller, name);
    if (target.isGone) throw new DaemonError("NotFound", `the object of ${name} is gone`);
    return entry.call(target.of, values, caller, target);
  };
}
