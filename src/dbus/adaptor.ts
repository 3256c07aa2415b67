import type { Cancel } from "../base/clock.ts";
import type { Announce, WireVariant } from "../base/property.ts";
import { checkPropertyClear, checkPropertyWrite } from "../base/property-access.ts";
import type {
  AnyExportedInterface,
  Caller,
  ExportedInterface,
  ExportedObject,
  ExportedProperties,
  MarshalledReply,
} from "../bus/bus.ts";
import { type AccessPolicy, requireRights } from "./access.ts";
import type { InterfaceTable, Target } from "./interface-table.ts";

/** Changes of a client to an object: stored and in force when these return; throw DaemonError to refuse. */
export interface Settable {
  readonly properties: { value(name: string): unknown; listen(announce: Announce): Cancel };
  setProperty(name: string, value: unknown): void;
  /** Absent where the interface has no ClearProperty. */
  clearProperty?(name: string): void;
  /** Brings properties up to date that are costly to follow; asked before all are read. */
  refresh?(): void;
}

/** An adaptor of any object. */
export interface AnyAdaptor {
  readonly exportedInterface: AnyExportedInterface;
  attach(exported: ExportedObject): void;
  detach(): void;
}

/** One object of ours on one interface of the bus. */
export class Adaptor<T> implements AnyAdaptor, ExportedProperties, Target<T> {
  #exported: ExportedObject | undefined;
  #unlisten: Cancel | undefined;
  isGone = false;

  constructor(
    readonly of: T,
    readonly table: InterfaceTable<T>,
    readonly access: AccessPolicy,
    /** Absent: an interface without properties. */
    private readonly settable?: Settable,
  ) {}

  /** For the dispatcher. */
  get exportedInterface(): ExportedInterface<Target<T>> {
    const { name, methods, signals } = this.table;
    return { name, methods, signals, target: this, ...(this.settable && { properties: this }) };
  }
  /** From now on every change of a property is told to clients, by shill's signal and by the freedesktop one. */
  attach(exported: ExportedObject): void {
    this.#exported = exported;
    this.#unlisten = this.settable?.properties.listen((name, signature, value) => this.#tell(name, signature, value));
  }
  detach(): void {
    this.isGone = true;
    this.#unlisten?.();
  }
  emit(signal: string, values: readonly unknown[]): void {
    this.#exported?.emit(this.table.name, signal, values);
  }

  get defs() {
    return this.table.properties?.defs ?? new Map();
  }
  value(name: string): unknown {
    return this.settable?.properties.value(name);
  }
  async set(name: string, variant: WireVariant, caller: Caller): Promise<void> {
    const { table } = this;
    const what = `${table.name} property ${name}`;
    const owner = () => table.ownerOfChange(this.of, [name]);
    await requireRights(this.access, caller, what, () => [{ right: "settings", owner: owner() }]);
    await this.setPropertyFor(caller, name, variant);
  }
  /** The caller may change the object; where the value hands it to another owner, that has to be allowed as well. */
  async setPropertyFor(caller: Caller, name: string, variant: WireVariant): Promise<void> {
    const { table, of } = this;
    const needs = () => table.needsOfValue?.(of, name, variant.value) ?? [];
    if (needs().length > 0) await requireRights(this.access, caller, `${table.name} property ${name}`, needs);
    this.setProperty(name, variant);
  }

  refresh(): void {
    this.settable?.refresh?.();
  }
  marshalledProperties(): MarshalledReply {
    this.refresh();
    return this.#exported?.marshalledProperties(this.table.name) ?? { marshalled: [] };
  }
  setProperty(name: string, variant: WireVariant): void {
    const { settable } = this;
    if (!settable || !this.table.properties) return;
    const write = checkPropertyWrite(this.table.properties, name, variant, (of) => this.#valueNow(of));
    if (write.kind === "set") settable.setProperty(name, write.value);
  }
  /** As GetProperties would tell it. */
  #valueNow(name: string): unknown {
    this.refresh();
    return this.value(name);
  }
  clearProperty(name: string): void {
    if (!this.settable || !this.table.properties) return;
    checkPropertyClear(this.table.properties, name);
    this.settable.clearProperty?.(name);
  }

  #tell(name: string, signature: string, value: unknown): void {
    if (this.table.properties?.defs.get(name)?.isInternal) return;
    this.#exported?.propertyChanged(this.table.name, name);
    // Our own interfaces have the freedesktop signal only.
    if (value !== undefined && this.table.signals.has("PropertyChanged"))
      this.emit("PropertyChanged", [name, { signature, value }]);
  }
}
