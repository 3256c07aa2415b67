import type { WireVariant } from "../../base/property.ts";

export type Properties = ReadonlyMap<string, WireVariant>;

export const kinds = ["service", "device", "profile", "ipconfig", "manager"] as const;
export type Kind = (typeof kinds)[number];

const kindOfInterface: Readonly<Record<string, Kind>> = {
  "org.chromium.flimflam.Manager": "manager",
  "org.chromium.flimflam.Service": "service",
  "org.chromium.flimflam.Device": "device",
  "org.chromium.flimflam.Profile": "profile",
  "org.chromium.flimflam.IPConfig": "ipconfig",
};
/** Last part of the interface name. */
export const interfaceOfKind: Readonly<Record<Kind, string>> = {
  manager: "Manager",
  service: "Service",
  device: "Device",
  profile: "Profile",
  ipconfig: "IPConfig",
};
/** Of an interface of our own that has further properties of the same object; names do not repeat. */
const furtherInterfaces: Readonly<Partial<Record<Kind, string>>> = {
  service: "org.fairlead.Service1",
  device: "org.fairlead.Device1",
};
export const kindOf = (interfaceName: string): Kind | undefined =>
  Object.hasOwn(kindOfInterface, interfaceName) ? kindOfInterface[interfaceName] : undefined;

/** D-Bus path for "no object". */
const noObject = "/";

/**
 * One object of the daemon. A program that owns the name may answer anything: a value of another type reads as absent.
 */
export class BusObject {
  constructor(
    readonly kind: Kind,
    readonly path: string,
    readonly properties: Properties,
  ) {}

  value(name: string): unknown {
    return this.properties.get(name)?.value;
  }
  text(name: string): string {
    return textIn(this.properties, name);
  }
  /** Undefined: absent, or no boolean. */
  flag(name: string): boolean | undefined {
    const value = this.value(name);
    return typeof value === "boolean" ? value : undefined;
  }
  number(name: string): number {
    const value = this.value(name);
    return typeof value === "number" ? value : 0;
  }
  list(name: string): readonly string[] {
    return asTexts(this.value(name));
  }
  dictionary(name: string): Properties {
    const value = this.value(name);
    return value instanceof Map ? (value as Properties) : new Map();
  }
  /** The path in a property; undefined for none. */
  reference(name: string): string | undefined {
    const path = this.text(name);
    return path === "" || path === noObject ? undefined : path;
  }
}

export const asTexts = (value: unknown): readonly string[] =>
  Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
export const asTextMap = (value: unknown): ReadonlyMap<string, string> =>
  new Map([...(value instanceof Map ? value : [])].filter((pair) => pair.every((item) => typeof item === "string")));
export function textIn(properties: Properties, name: string): string {
  const value = properties.get(name)?.value;
  return typeof value === "string" ? value : "";
}
export const flagIn = (properties: Properties, name: string): boolean => properties.get(name)?.value === true;
export function numberIn(properties: Properties, name: string): number {
  const value = properties.get(name)?.value;
  return typeof value === "number" ? value : typeof value === "bigint" ? Number(value) : 0;
}

/** All objects of the daemon as they were at one moment. */
export class Snapshot {
  readonly #objects = new Map<string, BusObject>();
  readonly #lists = new Map<string, readonly BusObject[]>();
  #servicesByDevice: ReadonlyMap<string, readonly BusObject[]> | undefined;

  constructor(
    readonly manager: BusObject,
    objects: Iterable<BusObject>,
  ) {
    for (const object of objects) this.#objects.set(object.path, object);
  }

  /** From Manager.GetProperties and GetManagedObjects (`a{oa{sa{sv}}}`). */
  static of(manager: Properties, managed: unknown): Snapshot {
    const objects: BusObject[] = [];
    for (const [path, interfaces] of managed instanceof Map ? managed : []) {
      const object = objectOf(path as string, interfaces);
      if (object) objects.push(object);
    }
    return new Snapshot(new BusObject("manager", "/", manager), objects);
  }

  at(path: string | undefined): BusObject | undefined {
    return path === "/" ? this.manager : path === undefined ? undefined : this.#objects.get(path);
  }
  get all(): readonly BusObject[] {
    return [this.manager, ...this.services, ...this.devices, ...this.profiles, ...this.#ofKind("ipconfig")];
  }
  /** In the Manager's order, best first. */
  get services(): readonly BusObject[] {
    return this.#listed("ServiceCompleteList");
  }
  get devices(): readonly BusObject[] {
    return this.#listed("Devices");
  }
  /** The stack, the lowest first. */
  get profiles(): readonly BusObject[] {
    return this.#listed("Profiles");
  }
  /** The Service that carries the default route; undefined: not connected. */
  get defaultService(): BusObject | undefined {
    return this.at(this.manager.reference("DefaultService"));
  }

  deviceOf(service: BusObject): BusObject | undefined {
    return this.at(service.reference("Device"));
  }
  ipConfigsOf(device: BusObject): readonly BusObject[] {
    return device.list("IPConfigs").flatMap((path) => this.at(path) ?? []);
  }
  /** Services that belong to the link of this Device. */
  servicesOf(device: BusObject): readonly BusObject[] {
    this.#servicesByDevice ??= groupBy(this.services, (service) => service.text("Device"));
    return this.#servicesByDevice.get(device.path) ?? [];
  }

  #listed(property: string): readonly BusObject[] {
    const known = this.#lists.get(property);
    if (known) return known;
    const list = this.manager.list(property).flatMap((path) => this.#objects.get(path) ?? []);
    this.#lists.set(property, list);
    return list;
  }
  #ofKind(kind: Kind): readonly BusObject[] {
    return [...this.#objects.values()].filter((object) => object.kind === kind);
  }
}

/** `interfaces`: `a{sa{sv}}`; undefined: none of them is one that we know. */
export function objectOf(path: string, interfaces: unknown): BusObject | undefined {
  if (!(interfaces instanceof Map)) return undefined;
  for (const [name, properties] of interfaces) {
    const kind = kindOf(name as string);
    if (!kind || !(properties instanceof Map)) continue;
    const further = interfaces.get(furtherInterfaces[kind]);
    return new BusObject(kind, path, further instanceof Map ? new Map([...further, ...properties]) : properties);
  }
  return undefined;
}

function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): ReadonlyMap<string, readonly T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const group = groups.get(keyOf(item));
    if (group) group.push(item);
    else groups.set(keyOf(item), [item]);
  }
  return groups;
}
