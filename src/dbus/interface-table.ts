import { DaemonError } from "../base/errors.ts";
import type { PropertyShape } from "../base/property.ts";
import type { Caller, MethodDef, MethodHandler, MethodResult, SignalDef } from "../bus/bus.ts";
import type { Adaptor } from "./adaptor.ts";

/** One method: its line in the XML and in docs/, and what it does. */
export interface MethodEntry<T> extends MethodDef {
  /** Changes something, so only those may call it who may (access.ts). The others are open to every local user. */
  readonly changes: boolean;
  call(of: T, args: readonly unknown[], caller: Caller, adaptor: Adaptor<T>): MethodResult | Promise<MethodResult>;
}

/** What is to be said of one interface; shared by all objects that have it. */
export interface InterfaceTable<T> {
  readonly name: string;
  readonly doc: string;
  readonly methods: ReadonlyMap<string, MethodEntry<T> & { readonly handler: MethodHandler<Adaptor<T>> }>;
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
function handlerOf<T>(name: string, entry: MethodEntry<T>): MethodHandler<Adaptor<T>> {
  if (!entry.changes) return (values, caller, adaptor) => entry.call(adaptor.of, values, caller, adaptor);
  return async (values, caller, adaptor) => {
    await adaptor.access.requireChange(caller, name);
    if (adaptor.isGone) throw new DaemonError("NotFound", `the object of ${name} is gone`);
    return entry.call(adaptor.of, values, caller, adaptor);
  };
}
