/**
 * The objects of another daemon (wpa_supplicant, ModemManager, resolved, UPower) as they are now: read when it comes,
 * kept up to date by its signals, forgotten when it goes.
 */
import type { Cancel } from "../base/clock.ts";
import { describeError } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import type { Wire, WireVariant } from "../base/property.ts";
import { BusError, type BusPort, type SignalMessage } from "./bus.ts";
import { standardError } from "./wire/names.ts";

const propertiesInterface = "org.freedesktop.DBus.Properties";
const objectManagerInterface = "org.freedesktop.DBus.ObjectManager";

/** Types of other daemons beyond our own. */
interface RemoteTypes extends Wire {
  x: bigint;
  d: number;
  ay: Buffer;
  aay: readonly Buffer[];
  au: readonly number[];
  "a{uu}": ReadonlyMap<number, number>;
  "(uu)": readonly [number, number];
  "aa{sv}": readonly ReadonlyMap<string, WireVariant>[];
  "(ub)": readonly [number, boolean];
  "a(su)": readonly (readonly [string, number])[];
  "a{oa{sa{sv}}}": ReadonlyMap<string, unknown>;
}
export type RemoteSignature = keyof RemoteTypes;

/** One interface of the other daemon: the properties that we read, with their signatures. */
export interface RemoteInterface<
  P extends Readonly<Record<string, RemoteSignature>> = Record<string, RemoteSignature>,
> {
  readonly name: string;
  readonly properties: P;
}
export const remoteInterface = <const P extends Readonly<Record<string, RemoteSignature>>>(
  name: string,
  properties: P,
): RemoteInterface<P> => ({ name, properties });

export interface RemotePlan {
  readonly busName: string;
  /** Path of the ObjectManager; absent: the daemon has none, and objects come by {@link RemoteObjects.follow}. */
  readonly objectManager?: string;
  /** Other interfaces of its objects are not kept. */
  readonly interfaces: readonly RemoteInterface[];
}

/** Never called from inside a call to {@link RemoteObjects}. */
export interface RemoteObserver {
  /** The daemon is on the bus, and its objects of that moment are known. Also after a restart of it, or of the bus. */
  ready?(): void;
  /** It left the bus; its objects are forgotten already, without news of each. */
  gone?(): void;
  added?(object: RemoteObject, interfaceName: string): void;
  removed?(path: string, interfaceName: string): void;
  changed?(object: RemoteObject, interfaceName: string, names: readonly string[]): void;
}

/** No daemon has as many; one gone mad must not fill our memory. */
const mostObjects = 10_000;

/** One object as last told. A value of another type than its table says reads as absent. */
export class RemoteObject {
  readonly #interfaces = new Map<string, Map<string, WireVariant>>();
  constructor(readonly path: string) {}

  get<P extends Readonly<Record<string, RemoteSignature>>, N extends keyof P & string>(
    of: RemoteInterface<P>,
    name: N,
  ): RemoteTypes[P[N]] | undefined {
    const found = this.#interfaces.get(of.name)?.get(name);
    return found?.signature === of.properties[name] ? (found.value as RemoteTypes[P[N]]) : undefined;
  }
  has(of: RemoteInterface): boolean {
    return this.#interfaces.has(of.name);
  }
  get interfaceNames(): readonly string[] {
    return [...this.#interfaces.keys()];
  }
  /** For {@link RemoteObjects}. */
  put(interfaceName: string, properties: ReadonlyMap<string, WireVariant>): void {
    this.#interfaces.set(interfaceName, new Map(properties));
  }
  /** For {@link RemoteObjects}. */
  merge(interfaceName: string, changed: ReadonlyMap<string, WireVariant>, invalidated: readonly string[]): boolean {
    const properties = this.#interfaces.get(interfaceName);
    if (!properties) return false;
    for (const [name, value] of changed) properties.set(name, value);
    for (const name of invalidated) properties.delete(name);
    return true;
  }
  /** For {@link RemoteObjects}. */
  drop(interfaceName: string): boolean {
    return this.#interfaces.delete(interfaceName);
  }
}

export class RemoteObjects {
  readonly #objects = new Map<string, RemoteObject>();
  readonly #interfaces: ReadonlyMap<string, RemoteInterface>;
  readonly #cancels: Cancel[] = [];
  #owner: string | undefined;
  #isReady = false;

  constructor(
    private readonly bus: Pick<BusPort, "call" | "match" | "watchName">,
    readonly plan: RemotePlan,
    private readonly observer: RemoteObserver,
    private readonly log: Log,
  ) {
    this.#interfaces = new Map(plan.interfaces.map((some) => [some.name, some]));
  }

  /** Without the daemon nothing happens until there is one. */
  start(): void {
    const { busName } = this.plan;
    const listen = (interfaceName: string, member: string, on: (signal: SignalMessage) => void) =>
      this.#cancels.push(this.bus.match({ sender: busName, interface: interfaceName, member }, on));
    listen(propertiesInterface, "PropertiesChanged", (signal) => this.#onChanged(signal));
    if (this.plan.objectManager !== undefined) {
      listen(objectManagerInterface, "InterfacesAdded", ({ args: [path, all] }) => this.#onAdded(path, all));
      listen(objectManagerInterface, "InterfacesRemoved", ({ args: [path, names] }) => this.#onRemoved(path, names));
    }
    this.#cancels.push(this.bus.watchName(busName, (owner) => this.#onOwner(owner)));
  }
  close(): void {
    for (const cancel of this.#cancels.splice(0)) cancel();
    this.#forgetAll();
  }

  /** The daemon is there and was read. */
  get isReady(): boolean {
    return this.#isReady;
  }
  at(path: string): RemoteObject | undefined {
    return this.#objects.get(path);
  }
  all(of: RemoteInterface): readonly RemoteObject[] {
    return [...this.#objects.values()].filter((object) => object.has(of));
  }

  /**
   * Rejects with BusError; NameHasNoOwner at once while the daemon is not there: it is not started by a call of ours.
   */
  async call(
    path: string,
    interfaceName: string,
    member: string,
    signature = "",
    args: readonly unknown[] = [],
    timeoutMs?: number,
  ): Promise<readonly unknown[]> {
    const { busName } = this.plan;
    if (this.#owner === undefined) throw new BusError(standardError("NameHasNoOwner"), `${busName} is not on the bus`);
    const about = { destination: busName, path, interface: interfaceName, member, signature, args, noAutoStart: true };
    return this.bus.call({ ...about, ...(timeoutMs === undefined ? {} : { timeoutMs }) });
  }

  /** Reads an object that no ObjectManager tells of. Rejects with BusError; then it is not kept. */
  async follow(path: string, of: RemoteInterface): Promise<RemoteObject> {
    const owner = this.#owner;
    const [properties] = await this.call(path, propertiesInterface, "GetAll", "s", [of.name]);
    if (owner !== this.#owner) throw new BusError(standardError("NameHasNoOwner"), `${this.plan.busName} went away`);
    return this.learn(path, of, properties);
  }
  /** As {@link follow}, with properties (`a{sv}`) that came with the news of the object. */
  learn(path: string, of: RemoteInterface, properties: unknown): RemoteObject {
    const object = this.#objects.get(path) ?? new RemoteObject(path);
    object.put(of.name, asVariants(properties));
    if (this.#objects.size < mostObjects) this.#objects.set(path, object);
    return object;
  }
  /** Twice is harmless. */
  unfollow(path: string): void {
    this.#objects.delete(path);
  }

  #onOwner(owner: string | undefined): void {
    const wasThere = this.#owner !== undefined;
    this.#forgetAll();
    this.#owner = owner;
    if (wasThere) this.observer.gone?.();
    if (owner !== undefined) void this.#read(owner);
  }
  #forgetAll(): void {
    this.#objects.clear();
    this.#owner = undefined;
    this.#isReady = false;
  }

  async #read(owner: string): Promise<void> {
    const { objectManager, busName } = this.plan;
    try {
      const managed =
        objectManager === undefined
          ? new Map()
          : (await this.call(objectManager, objectManagerInterface, "GetManagedObjects"))[0];
      if (this.#owner !== owner) return;
      for (const [path, interfaces] of managed instanceof Map ? managed : []) this.#keep(path, interfaces);
    } catch (error) {
      if (this.#owner !== owner) return;
      this.log.warn(`${busName} does not tell its objects: ${describeError(error)}`);
    }
    this.#isReady = true;
    this.observer.ready?.();
  }
  /** The names of the interfaces that are new with it. */
  #keep(path: unknown, interfaces: unknown): readonly string[] {
    if (typeof path !== "string" || !(interfaces instanceof Map)) return [];
    const known = [...interfaces.keys()].filter((name) => this.#interfaces.has(name));
    const isNew = (name: string) => this.#objects.get(path)?.interfaceNames.includes(name) !== true;
    const added = known.filter(isNew);
    for (const name of known) {
      this.learn(path, this.#interfaces.get(name) as RemoteInterface, interfaces.get(name));
    }
    return added;
  }

  #onAdded(path: unknown, interfaces: unknown): void {
    // Signals that came before the answer are older than it.
    if (!this.#isReady) return;
    for (const name of this.#keep(path, interfaces)) {
      const object = this.#objects.get(path as string);
      if (object) this.observer.added?.(object, name);
    }
  }
  #onRemoved(path: unknown, names: unknown): void {
    const object = typeof path === "string" ? this.#objects.get(path) : undefined;
    if (!object || !Array.isArray(names)) return;
    for (const name of names) if (object.drop(String(name))) this.observer.removed?.(object.path, String(name));
    if (object.interfaceNames.length === 0) this.#objects.delete(object.path);
  }
  #onChanged({ path, args: [interfaceName, changed, invalidated] }: SignalMessage): void {
    const object = this.#objects.get(path);
    if (!object || typeof interfaceName !== "string") return;
    const values = asVariants(changed);
    const gone = Array.isArray(invalidated) ? invalidated.map(String) : [];
    if (!object.merge(interfaceName, values, gone)) return;
    this.observer.changed?.(object, interfaceName, [...values.keys(), ...gone]);
    if (gone.length > 0) void this.#readAgain(object, interfaceName, gone);
  }
  /** The daemon said only that they are others now. */
  async #readAgain(object: RemoteObject, interfaceName: string, names: readonly string[]): Promise<void> {
    try {
      const [properties] = await this.call(object.path, propertiesInterface, "GetAll", "s", [interfaceName]);
      const values = new Map([...asVariants(properties)].filter(([name]) => names.includes(name)));
      const isStillThere = this.#objects.get(object.path) === object && object.merge(interfaceName, values, []);
      if (isStillThere && values.size > 0) this.observer.changed?.(object, interfaceName, [...values.keys()]);
    } catch (error) {
      this.log.debug(() => `${object.path} could not be read again: ${describeError(error)}`);
    }
  }
}

const asVariants = (value: unknown): ReadonlyMap<string, WireVariant> =>
  value instanceof Map ? (value as ReadonlyMap<string, WireVariant>) : new Map();
