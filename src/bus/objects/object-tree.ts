import { type AnyExportedInterface, BusError, type ExportedObject, type MarshalledReply } from "../bus.ts";
import { isInterfaceName, isObjectPath, standardError } from "../wire/names.ts";
import { quote } from "../wire/signature.ts";
import type { WireError } from "../wire/wire-error.ts";
import type { Writer } from "../wire/writer.ts";
import {
  type OnBadProperty,
  propertyBytes,
  writeChanges,
  writeProperties,
  writePropertyBytes,
} from "./property-bytes.ts";

/** Calls of an object to the dispatcher. */
export interface ObjectHost {
  changed(object: TreeObject, interfaceName: string, property: string): void;
  emit(object: TreeObject, exported: AnyExportedInterface, signal: string, args: readonly unknown[]): void;
  removed(object: TreeObject): void;
  badProperty(path: string, interfaceName: string, property: string, error: WireError): void;
  badProperties(path: string, interfaceName: string, error: unknown): void;
}

/** One exported object. Thousands of them live at a time: nothing is made before it is needed. */
export class TreeObject implements ExportedObject {
  #host: ObjectHost | undefined;
  /** Marshalled properties by position in {@link interfaces}. */
  #kept: (Buffer | undefined)[] | undefined;

  constructor(
    readonly path: string,
    readonly interfaces: readonly AnyExportedInterface[],
    host: ObjectHost,
  ) {
    this.#host = host;
  }

  get isRemoved(): boolean {
    return this.#host === undefined;
  }
  find(interfaceName: string): AnyExportedInterface | undefined {
    return this.interfaces.find(({ name }) => name === interfaceName);
  }
  propertyChanged(interfaceName: string, name: string): void {
    const at = this.#position(interfaceName);
    if (this.#kept) this.#kept[at] = undefined;
    this.#host?.changed(this, interfaceName, name);
  }
  emit(interfaceName: string, signal: string, args: readonly unknown[]): void {
    const exported = this.interfaces[this.#position(interfaceName)] as AnyExportedInterface;
    this.#host?.emit(this, exported, signal, args);
  }
  marshalledProperties(interfaceName: string): MarshalledReply {
    return { marshalled: [this.propertyBytes(this.#position(interfaceName))] };
  }
  /** An `a{sv}` from its length on, of the interface at this position; kept until one of its properties changes. */
  propertyBytes(at: number): Buffer {
    this.#kept ??= [];
    let bytes = this.#kept[at];
    if (!bytes) {
      const exported = this.interfaces[at] as AnyExportedInterface;
      bytes = propertyBytes(exported, this.#onBad(exported));
      this.#kept[at] = bytes;
    }
    return bytes;
  }
  /** Writes the same `a{sv}`. Keeps nothing: thousands of objects are announced that no client asks for. */
  writeProperties(writer: Writer, at: number): void {
    const kept = this.#kept?.[at];
    const exported = this.interfaces[at] as AnyExportedInterface;
    if (kept) writePropertyBytes(writer, kept);
    else writeProperties(writer, exported, this.#onBad(exported));
  }
  /** Before all is read. A failure is logged: the other objects are read all the same. */
  refresh(): void {
    for (const { name, properties } of this.interfaces) {
      try {
        properties?.refresh?.();
      } catch (error) {
        this.#host?.badProperties(this.path, name, error);
      }
    }
  }
  /** Writes what PropertiesChanged tells of these; false: nothing. */
  writeChanges(writer: Writer, exported: AnyExportedInterface, names: Iterable<string>): boolean {
    return writeChanges(writer, exported, names, this.#onBad(exported));
  }
  remove(): void {
    const host = this.#host;
    this.#host = undefined;
    this.#kept = undefined;
    host?.removed(this);
  }

  #onBad({ name: interfaceName }: AnyExportedInterface): OnBadProperty {
    return (property, error) => this.#host?.badProperty(this.path, interfaceName, property, error);
  }
  #position(interfaceName: string): number {
    const { interfaces } = this;
    // Asked for each signal, hence without a function for each.
    for (let at = 0; at < interfaces.length; at++) if (interfaces[at]?.name === interfaceName) return at;
    throw new BusError(standardError("UnknownInterface"), `${this.path} has no interface ${interfaceName}`);
  }
}

/** The objects by path, and the paths between them that have no object of their own. */
export class ObjectTree {
  readonly #objects = new Map<string, TreeObject>();
  /** How many objects are below each path. */
  readonly #below = new Map<string, number>();

  /** Path of its ObjectManager. */
  constructor(readonly root: string) {}

  /** Throws {@link BusError} InvalidArgs for an invalid path or name, ObjectPathInUse for a path that is taken. */
  add(path: string, interfaces: readonly AnyExportedInterface[], host: ObjectHost): TreeObject {
    if (!isObjectPath(path)) throw new BusError(standardError("InvalidArgs"), `invalid object path ${quote(path)}`);
    if (this.#objects.has(path)) throw new BusError(standardError("ObjectPathInUse"), `${path} is exported already`);
    for (const { name } of interfaces) {
      if (!isInterfaceName(name)) throw new BusError(standardError("InvalidArgs"), `invalid interface ${quote(name)}`);
    }
    const object = new TreeObject(path, interfaces, host);
    this.#objects.set(path, object);
    this.#count(path, 1);
    return object;
  }
  delete(object: TreeObject): void {
    if (this.#objects.delete(object.path)) this.#count(object.path, -1);
  }
  find(path: string): TreeObject | undefined {
    return this.#objects.get(path);
  }
  /** Whether there is an object at or below the path. The root, and that of the bus, are always there. */
  exists(path: string): boolean {
    return path === "/" || path === this.root || this.#objects.has(path) || this.#below.has(path);
  }
  get objects(): Iterable<TreeObject> {
    return this.#objects.values();
  }
  /** Names of the nodes directly below, each once. */
  childrenOf(path: string): ReadonlySet<string> {
    const prefix = path === "/" ? "/" : `${path}/`;
    const children = new Set<string>();
    for (const other of this.#objects.keys()) {
      if (other.length <= prefix.length || !other.startsWith(prefix)) continue;
      const end = other.indexOf("/", prefix.length);
      children.add(other.slice(prefix.length, end < 0 ? undefined : end));
    }
    return children;
  }

  #count(path: string, change: 1 | -1): void {
    for (let end = path.lastIndexOf("/"); end > 0; end = path.lastIndexOf("/", end - 1)) {
      const above = path.slice(0, end);
      const count = (this.#below.get(above) ?? 0) + change;
      if (count === 0) this.#below.delete(above);
      else this.#below.set(above, count);
    }
  }
}
