import { DaemonError } from "../base/errors.ts";
import { PropertyShape, type Wire, type WireVariant } from "../base/property.ts";
import type { Caller, MarshalledReply, MethodDef, MethodHandler, MethodResult, SignalDef } from "../bus/bus.ts";
import type { Owner } from "../profiles/profile.ts";
import { type AccessPolicy, type Need, type Right, requireRights } from "./access.ts";

/** An object on an interface, as its methods see it. */
export interface Target<T> {
  readonly of: T;
  readonly access: AccessPolicy;
  /** Off the bus; a call may have waited meanwhile. */
  readonly isGone: boolean;
  marshalledProperties(): MarshalledReply;
  setProperty(name: string, variant: WireVariant): void;
  /** As `setProperty`, for a caller that may change the object but perhaps not give it to other users. */
  setPropertyFor(caller: Caller, name: string, variant: WireVariant): Promise<void>;
  clearProperty(name: string): void;
}

/** One method: its line in the XML and in docs/, and its handler. */
export interface MethodEntry<T> extends MethodDef {
  /** Right that the caller needs (access.ts). */
  readonly right: Right;
  /** Owner of the object that these arguments name. Absent: {@link InterfaceTable.ownerOf} of the object. */
  ownerOf?(of: T, args: readonly unknown[]): Owner;
  /** The properties that a call changes: some may be another's than the object. */
  changes?(args: readonly unknown[]): readonly string[];
  /** All consents needed, where one owner is not enough; instead of the two above. */
  needs?(of: T, args: readonly unknown[]): readonly Need[];
  call(of: T, args: readonly unknown[], caller: Caller, target: Target<T>): MethodResult | Promise<MethodResult>;
}

/** Table of one interface; shared by all objects that have it. */
export interface InterfaceTable<T> {
  readonly name: string;
  readonly doc: string;
  readonly methods: ReadonlyMap<string, MethodEntry<T> & { readonly handler: MethodHandler<Target<T>> }>;
  readonly signals: ReadonlyMap<string, SignalDef>;
  /** Absent: no properties. */
  readonly properties?: PropertyShape<T>;
  /** Owner of such an object. */
  ownerOf(of: T): Owner;
  /** Owner of these properties of the object. */
  ownerOfChange(of: T, names: readonly string[]): Owner;
  /** Consents needed in addition when this property is set to this value. Absent: none. */
  needsOfValue?(of: T, property: string, value: unknown): readonly Need[];
}

/** Arguments as `name: signature` pairs, in order. */
export const args = (named: Readonly<Record<string, string>>) =>
  Object.entries(named).map(([name, signature]) => ({ name, signature }));

type Named = Readonly<Record<string, string>>;
type ValueOf<S extends string> = S extends keyof Wire ? Wire[S] : S extends "v" ? WireVariant : unknown;
/** Values of arguments, each with the type of its signature. */
export type ValuesOf<A extends Named> = { readonly [Name in keyof A]: ValueOf<A[Name]> };

/** As {@link MethodEntry}, with the arguments by name. */
export interface NamedMethod<T, A extends Named> extends Omit<MethodDef, "in">, Pick<MethodEntry<T>, "right"> {
  readonly in: A;
  ownerOf?(of: T, args: ValuesOf<A>): Owner;
  changes?(args: ValuesOf<A>): readonly string[];
  needs?(of: T, args: ValuesOf<A>): readonly Need[];
  call(of: T, args: ValuesOf<A>, caller: Caller, target: Target<T>): MethodResult | Promise<MethodResult>;
}

/**
 * Makes methods whose handlers take their types from the signatures:
 * `method({ in: { name: "s" }, ..., call: (of, { name }) => ... })`.
 */
export const methodOf =
  <T>() =>
  <const A extends Named>({ in: named, ownerOf, changes, needs, call, ...said }: NamedMethod<T, A>): MethodEntry<T> => {
    const names = Object.keys(named);
    // The dispatcher has compared the message with the signatures.
    const byName = (values: readonly unknown[]) =>
      Object.fromEntries(names.map((name, at) => [name, values[at]])) as ValuesOf<A>;
    return {
      ...said,
      in: args(named),
      ...(ownerOf && { ownerOf: (of: T, values) => ownerOf(of, byName(values)) }),
      ...(changes && { changes: (values) => changes(byName(values)) }),
      ...(needs && { needs: (of: T, values) => needs(of, byName(values)) }),
      call: (of, values, caller, target) => call(of, byName(values), caller, target),
    };
  };

export interface InterfaceParts<T> {
  readonly name: string;
  readonly doc: string;
  readonly methods: Readonly<Record<string, MethodEntry<T>>>;
  readonly signals?: Readonly<Record<string, SignalDef>>;
  readonly properties?: PropertyShape<T>;
  /** Absent: the machine's. */
  ownerOf?(of: T): Owner;
  /** Absent: as the object. */
  ownerOfChange?(of: T, names: readonly string[]): Owner;
  needsOfValue?(of: T, property: string, value: unknown): readonly Need[];
}

export function interfaceTable<T>(parts: InterfaceParts<T>): InterfaceTable<T> {
  const { name, doc, properties, ownerOf = () => "machine", ownerOfChange = ownerOf } = parts;
  const owners = { ownerOf, ownerOfChange };
  const methods = Object.entries(parts.methods).map(
    ([name, entry]) => [name, { ...entry, handler: handlerOf(`${parts.name}.${name}`, entry, owners) }] as const,
  );
  return {
    name,
    doc,
    methods: new Map(methods),
    signals: new Map(Object.entries(parts.signals ?? {})),
    ...owners,
    ...(parts.needsOfValue && { needsOfValue: parts.needsOfValue }),
    ...(properties && { properties }),
  };
}

/** A method that only reads answers in the same turn; the others wait until the caller is known. */
function handlerOf<T>(what: string, entry: MethodEntry<T>, owners: Owners<T>): MethodHandler<Target<T>> {
  const { right } = entry;
  if (right === "read") return (values, caller, target) => entry.call(target.of, values, caller, target);
  return async (values, caller, target) => {
    const needs = () => needsOf(entry, right, owners, target.of, values);
    const lookAgain = await requireRights(target.access, caller, what, needs);
    return caller.inTurn(() => {
      if (target.isGone) throw new DaemonError("NotFound", `the object of ${what} is gone`);
      lookAgain();
      return entry.call(target.of, values, caller, target);
    });
  };
}

type Owners<T> = Pick<InterfaceTable<T>, "ownerOf" | "ownerOfChange">;

function needsOf<T>(
  entry: MethodEntry<T>,
  right: Need["right"],
  { ownerOf, ownerOfChange }: Owners<T>,
  of: T,
  values: readonly unknown[],
): readonly Need[] {
  if (entry.needs) return entry.needs(of, values);
  if (entry.ownerOf) return [{ right, owner: entry.ownerOf(of, values) }];
  return [{ right, owner: entry.changes ? ownerOfChange(of, entry.changes(values)) : ownerOf(of) }];
}

/** One interface whose properties differ between kinds of objects; each kind's table is made once. */
export class InterfacesByShape<T> {
  readonly #tables = new Map<PropertyShape<T>, InterfaceTable<T>>();
  constructor(private readonly make: (properties: PropertyShape<T>) => InterfaceTable<T>) {}

  of(shape: PropertyShape<T>): InterfaceTable<T> {
    const known = this.#tables.get(shape) ?? this.make(shape);
    this.#tables.set(shape, known);
    return known;
  }
  /** With the properties of all kinds: for the XML and the reference pages. */
  ofAll(shapes: readonly PropertyShape<T>[]): InterfaceTable<T> {
    const defs = shapes.flatMap((shape) => [...shape.defs]);
    return this.make(new PropertyShape<T>(Object.fromEntries(defs)));
  }
}
