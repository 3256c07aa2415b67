/**
 * Properties that an object's table keeps internal, as shill's interface must not have them, served on an interface of
 * ours.
 */
import { DaemonError } from "../base/errors.ts";
import { type AnyPropertyDef, PropertyShape, type PropertyStore } from "../base/property.ts";
import type { Settable } from "./adaptor.ts";

export const ownShape = <T>(defs: Readonly<Record<string, AnyPropertyDef<T>>>): PropertyShape<T> =>
  new PropertyShape<T>(
    Object.fromEntries(Object.entries(defs).map(([name, { isInternal: _, ...def }]) => [name, def])),
  );

interface Holder<T> {
  readonly properties: PropertyStore<T>;
  setProperty?(name: string, value: unknown): void;
}

/** Those properties of one object for the bus. */
export class OwnProperties<T> implements Settable {
  constructor(
    private readonly of: Holder<T>,
    private readonly shape: PropertyShape<T>,
  ) {}
  get properties(): Settable["properties"] {
    const { properties } = this.of;
    return {
      value: (name) => properties.value(name),
      listen: (announce) =>
        properties.listen((name, signature, value) => {
          if (this.shape.defs.has(name)) announce(name, signature, value);
        }),
    };
  }
  setProperty(name: string, value: unknown): void {
    if (!this.of.setProperty) throw new DaemonError("InvalidArguments", "Property is read-only");
    this.of.setProperty(name, value);
  }
}
