import { DaemonError } from "./errors.ts";

/** A D-Bus variant: any value with its signature beside it. dbus-next's Variant has this shape. */
export interface WireVariant {
  readonly signature: string;
  readonly value: unknown;
}

/** What a value of each D-Bus type is in TypeScript. Dictionaries are Maps: a key may be `__proto__`. */
export interface Wire {
  b: boolean;
  y: number;
  n: number;
  q: number;
  i: number;
  u: number;
  t: bigint;
  s: string;
  o: string;
  as: readonly string[];
  ao: readonly string[];
  aq: readonly number[];
  "a{ss}": ReadonlyMap<string, string>;
  "aa{ss}": readonly ReadonlyMap<string, string>[];
  "a{sv}": ReadonlyMap<string, WireVariant>;
  "aa{sv}": readonly ReadonlyMap<string, WireVariant>[];
}
export type Signature = keyof Wire;

/**
 * One property, one line of truth: the D-Bus type and XML, the row in SQLite, the change signal and the page in docs/
 * come from here.
 */
export interface PropertyDef<T, S extends Signature> {
  readonly signature: S;
  /** A sentence or two for the reference page: meaning, unit, range, default. */
  readonly doc: string;
  /** `undefined`: the property is absent for now. The function itself is absent for a write-only property. */
  get?(of: T): Wire[S] | undefined;
  /** Absent: read-only. Throws DaemonError to refuse; the store has checked the type, not the value. */
  set?(of: T, value: Wire[S]): void;
  /** What ClearProperty does. Absent on a writable property: `set` with the value it had when the object was made. */
  clear?(of: T): void;
  /** Absent: run-time only. A value equal to the default leaves no row. */
  readonly persist?: {
    readonly default: Wire[S];
    restore(of: T, value: Wire[S]): void;
  };
  /** True for secrets: never readable, never logged, never in a dump. */
  readonly isSecret?: true;
}

/** A property of any type, as generic code sees it. */
// biome-ignore lint/suspicious/noExplicitAny: here the signature is known at run time only
export type AnyPropertyDef<T> = PropertyDef<T, any>;

export type PropertyTable<T> = {
  readonly [name: string]: { [S in Signature]: PropertyDef<T, S> }[Signature];
};

/** Lets a table keep its literal names while every entry is checked against its own signature. */
export const propertyTable =
  <T>() =>
  <const P extends PropertyTable<T>>(table: P): P =>
    table;

export type Announce = (name: string, signature: Signature, value: unknown) => void;

/**
 * The properties of one object: remembers what clients last heard, announces only differences, writes and restores the
 * rows of the store.
 */
export class PropertyStore<T> {
  readonly #defs: ReadonlyMap<string, AnyPropertyDef<T>>;
  readonly #heard = new Map<string, unknown>();
  readonly #initial = new Map<string, unknown>();

  constructor(
    private readonly of: T,
    defs: ReadonlyMap<string, AnyPropertyDef<T>>,
    private readonly announce: Announce,
  ) {
    this.#defs = defs;
    for (const [name, def] of defs) {
      const value = def.get?.(of);
      this.#heard.set(name, value);
      if (def.set && def.get) this.#initial.set(name, value);
    }
  }

  get defs(): ReadonlyMap<string, AnyPropertyDef<T>> {
    return this.#defs;
  }

  /** Every setter ends here; clients hear of it only if the value differs from what they last heard. */
  touch(name: string): void {
    const def = this.#def(name);
    if (!def.get) return;
    const value = def.get(this.of);
    if (isSameValue(this.#heard.get(name), value)) return;
    this.#heard.set(name, value);
    if (value !== undefined) this.announce(name, def.signature, value);
  }
  /** Looks at every property; for changes whose reach is not known. */
  touchAll(): void {
    for (const name of this.#defs.keys()) this.touch(name);
  }
  /** What clients last heard of this property; absent properties are undefined. */
  value(name: string): unknown {
    return this.#heard.get(name);
  }
  set(name: string, value: unknown): void {
    this.#def(name).set?.(this.of, value);
  }
  clear(name: string): void {
    const def = this.#def(name);
    if (def.clear) def.clear(this.of);
    else def.set?.(this.of, this.#initial.get(name));
  }
  *rows(): Generator<[name: string, json: string]> {
    for (const [name, { get, persist }] of this.#defs) {
      if (!persist || !get) continue;
      const value = get(this.of);
      if (value !== undefined && !isSameValue(value, persist.default)) yield [name, toJson(value)];
    }
  }
  /** Rows that are absent go back to their default; a row that does not parse is reported by name and left at the default. */
  restore(rows: ReadonlyMap<string, string>, onBadRow: (name: string, error: unknown) => void): void {
    for (const [name, { signature, persist }] of this.#defs) {
      if (!persist) continue;
      const json = rows.get(name);
      try {
        persist.restore(this.of, json === undefined ? persist.default : fromJson(signature, json));
      } catch (error) {
        onBadRow(name, error);
        persist.restore(this.of, persist.default);
      }
      this.touch(name);
    }
  }
  #def(name: string): AnyPropertyDef<T> {
    const def = this.#defs.get(name);
    if (!def) throw new DaemonError("InvalidProperty", `Property ${name} does not exist.`);
    return def;
  }
}

/** Deep equality over the values that {@link Wire} allows; the order of dictionary entries does not count. */
export function isSameValue(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((item, at) => isSameValue(item, b[at]));
  }
  if (a instanceof Map && b instanceof Map) {
    if (a.size !== b.size) return false;
    for (const [key, value] of a) if (!b.has(key) || !isSameValue(value, b.get(key))) return false;
    return true;
  }
  if (isVariant(a) && isVariant(b)) return a.signature === b.signature && isSameValue(a.value, b.value);
  return false;
}

const isVariant = (value: unknown): value is WireVariant =>
  typeof value === "object" && value !== null && "signature" in value && "value" in value;

/** Text form of a value for the store: JSON, with maps as arrays of pairs and 64-bit numbers as decimal strings. */
export const toJson = (value: unknown): string =>
  JSON.stringify(value, (_key, item: unknown) => {
    if (typeof item === "bigint") return item.toString();
    return item instanceof Map ? [...item] : item;
  });

/** Reads what {@link toJson} wrote; throws on anything that is not a value of the signature. */
export function fromJson(signature: Signature, json: string): unknown {
  return revive(signature, JSON.parse(json));
}

const integerRanges: Readonly<Record<string, readonly [low: number, high: number]>> = {
  y: [0, 0xff],
  n: [-0x8000, 0x7fff],
  q: [0, 0xffff],
  i: [-0x80000000, 0x7fffffff],
  u: [0, 0xffffffff],
};

function revive(signature: string, value: unknown): unknown {
  const range = integerRanges[signature];
  if (range) {
    if (Number.isInteger(value) && (value as number) >= range[0] && (value as number) <= range[1]) return value;
  } else if (signature === "b") {
    if (typeof value === "boolean") return value;
  } else if (signature === "s" || signature === "o") {
    if (typeof value === "string") return value;
  } else if (signature === "t" || signature === "x") {
    if (typeof value === "string" && /^-?\d{1,20}$/.test(value)) return BigInt(value);
  } else if (signature.startsWith("a{s")) {
    const inner = signature.slice(3, -1);
    if (Array.isArray(value)) return new Map(value.map((pair) => revivePair(inner, pair)));
  } else if (signature === "v") {
    if (isVariant(value) && typeof value.signature === "string") {
      return { signature: value.signature, value: revive(value.signature, value.value) };
    }
  } else if (signature.startsWith("a")) {
    if (Array.isArray(value)) return value.map((item) => revive(signature.slice(1), item));
  }
  throw new TypeError(`stored value is not of type ${signature}`);
}

function revivePair(inner: string, pair: unknown): [string, unknown] {
  if (!Array.isArray(pair) || typeof pair[0] !== "string") throw new TypeError("stored dictionary is malformed");
  return [pair[0], revive(inner, pair[1])];
}
