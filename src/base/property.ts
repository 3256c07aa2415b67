import type { Cancel } from "./clock.ts";
import { DaemonError } from "./errors.ts";

/** A D-Bus variant: any value with its signature beside it. dbus-next's Variant has this shape. */
export interface WireVariant {
  readonly signature: string;
  readonly value: unknown;
}

/** TypeScript type of each D-Bus type. Dictionaries are Maps: a key may be `__proto__`. */
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
  /** Action of ClearProperty. Absent on a writable property: `set` with the value it had when the object was made. */
  clear?(of: T): void;
  /** Absent: run-time only. A value equal to the default leaves no row. */
  readonly persist?: {
    readonly default: Wire[S];
    /**
     * Where the stored value differs from the one that clients read: the value to store, be it the default; undefined:
     * no row.
     */
    save?(of: T): Wire[S] | undefined;
    /** `isStored`: the value was in the store; else it is the default. */
    restore(of: T, value: Wire[S], isStored: boolean): void;
  };
  /** True for secrets: never readable, never logged, never in a dump. `get` then serves the store alone. */
  readonly isSecret?: true;
  /** Stored with the object and never on the bus. */
  readonly isInternal?: true;
  /** Means something to its user alone. Absent: it acts on the machine and on others, and a consent may be needed. */
  readonly isUsersAffair?: true;
  /** Groups of properties that change together, each with this one's place among their signals. */
  readonly groups?: Readonly<Record<string, number>>;
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

/**
 * Told of every difference that clients have to hear of. `value` undefined: the property is absent from now on, or it
 * is a secret.
 */
export type Announce = (name: string, signature: Signature, value: unknown) => void;

/** Result of setting several values. */
export interface SetOutcome {
  /** Names of those that differ from before. */
  readonly changed: readonly string[];
  /** The first refusal; undefined: all were taken. */
  readonly refusal: unknown;
}

/** Effect of a value that a client sent; unchanged: a read-only property already has it. */
export type PropertyWrite = { readonly kind: "set"; readonly value: unknown } | { readonly kind: "unchanged" };

/** A value that was set and may still have to be taken back. */
interface Change {
  readonly name: string;
  readonly hasChanged: boolean;
  undo(): void;
}

/** A table prepared for every object of its class: made once, shared by all, so that an object pays only for values. */
export class PropertyShape<T> {
  readonly names: readonly string[];
  readonly defs: ReadonlyMap<string, AnyPropertyDef<T>>;
  /** Those that the store keeps, by name. */
  readonly stored: ReadonlyMap<string, AnyPropertyDef<T>>;
  readonly #byPosition: readonly AnyPropertyDef<T>[];
  readonly #position: ReadonlyMap<string, number>;
  readonly #groups = new Map<string, readonly string[]>();
  constructor(table: PropertyTable<T>) {
    this.names = Object.keys(table);
    this.defs = new Map(Object.entries(table));
    this.stored = new Map([...this.defs].filter(([, { persist }]) => persist));
    this.#byPosition = [...this.defs.values()];
    this.#position = new Map(this.names.map((name, at) => [name, at]));
  }
  /** Throws DaemonError InvalidProperty. */
  position(name: string): number {
    const at = this.#position.get(name);
    if (at === undefined) throw new DaemonError("InvalidProperty", `Property ${name} does not exist.`);
    return at;
  }
  /** Names of the properties that change together, in the order of their signals. */
  group(group: string): readonly string[] {
    const known = this.#groups.get(group);
    if (known) return known;
    const placed = [...this.defs].flatMap(([name, { groups }]) => {
      const place = groups?.[group];
      return place === undefined ? [] : [{ name, place }];
    });
    const names = placed.sort((a, b) => a.place - b.place).map(({ name }) => name);
    this.#groups.set(group, names);
    return names;
  }
  def(name: string): AnyPropertyDef<T> {
    return this.at(this.position(name));
  }
  at(position: number): AnyPropertyDef<T> {
    return this.#byPosition[position] as AnyPropertyDef<T>;
  }
}

const nobody: readonly Announce[] = [];

/**
 * The properties of one object: remembers the values that clients last heard, announces only differences, writes and
 * restores the rows of the store. `of` has to be complete before the store is made.
 */
export class PropertyStore<T> {
  /** By position in the shape; one array costs a fraction of a map where thousands of objects live. */
  readonly #heard: unknown[];
  /** In the order they came: one API of the bus as a rule. */
  #listeners: readonly Announce[] = nobody;
  /** Values of properties before a client first set them: ClearProperty returns to them. */
  #initial: Map<string, unknown> | undefined;

  constructor(
    private readonly of: T,
    readonly shape: PropertyShape<T>,
    announce?: Announce,
  ) {
    if (announce) this.#listeners = [announce];
    this.#heard = shape.names.map((name) => shape.def(name).get?.(of));
  }

  get names(): readonly string[] {
    return this.shape.names;
  }
  /** Tells of every change from now on. Returns "remove". */
  listen(announce: Announce): Cancel {
    this.#listeners = [...this.#listeners, announce];
    return () => {
      this.#listeners = this.#listeners.filter((other) => other !== announce);
    };
  }
  /** Every setter ends here; clients hear of it only if the value differs from the one they last heard. */
  touch(name: string): void {
    const at = this.shape.position(name);
    const def = this.shape.at(at);
    if (!def.get) return;
    const value = def.get(this.of);
    if (isSameValue(this.#heard[at], value)) return;
    this.#heard[at] = value;
    this.#announce(name, def.signature, def.isSecret ? undefined : value);
  }
  /** As {@link touch}, and says it even when nothing changed: some clients wait for the signal itself. */
  retell(name: string): void {
    const at = this.shape.position(name);
    const def = this.shape.at(at);
    const value = def.get?.(this.of);
    if (!isSameValue(this.#heard[at], value)) this.#heard[at] = value;
    if (value !== undefined && !def.isSecret) this.#announce(name, def.signature, value);
  }
  #announce(name: string, signature: Signature, value: unknown): void {
    for (const announce of this.#listeners) announce(name, signature, value);
  }
  /** Looks at the properties that change together, in the order of their signals. */
  touchGroup(group: string): void {
    for (const name of this.shape.group(group)) this.touch(name);
  }
  /** Looks at every property; for changes whose reach is not known. */
  touchAll(): void {
    for (const name of this.shape.names) this.touch(name);
  }
  /** The value that clients last heard; undefined while the property is absent, and of a secret. */
  value(name: string): unknown {
    if (this.shape.def(name).isSecret) return undefined;
    return this.#heard[this.shape.position(name)];
  }
  /**
   * `value` has the type of the signature. The setter refuses by throwing. `commit` runs when the value really changed
   * and before clients hear of it; if it throws, the old value is put back and no client hears of it. Returns whether
   * the value differs from before.
   */
  set(name: string, value: unknown, commit: () => void = () => {}): boolean {
    const def = this.shape.def(name);
    if (!def.set) throw new DaemonError("InvalidArguments", "Property is read-only");
    this.#rememberInitial(name, def);
    return this.#change(name, def, () => def.set?.(this.of, value), commit);
  }
  #rememberInitial(name: string, def: AnyPropertyDef<T>): void {
    if (!def.get || this.#initial?.has(name)) return;
    this.#initial = (this.#initial ?? new Map()).set(name, def.get(this.of));
  }
  /** Back to the value the object was made with, or by the property's own rule. */
  clear(name: string, commit: () => void = () => {}): boolean {
    const def = this.shape.def(name);
    if (def.clear) return this.#change(name, def, () => def.clear?.(this.of), commit);
    if (!def.set) throw new DaemonError("InvalidArguments", "Property is read-only");
    // A stored value may have been set in an earlier run: its first value is the default.
    if (!def.persist && !this.#initial?.has(name)) return false;
    const first = def.persist ? def.persist.default : this.#initial?.get(name);
    return this.#change(name, def, () => def.set?.(this.of, first), commit);
  }
  /**
   * Several at once: those that are refused (by `read`, which gives the value, or by the setter) are left out, the
   * others are committed together before clients hear of them. If the commit throws, all old values are put back and no
   * client hears of any.
   */
  setAll(values: Iterable<readonly [name: string, read: () => PropertyWrite]>, commit: () => void): SetOutcome {
    const changes: Change[] = [];
    let refusal: unknown;
    for (const [name, read] of values) {
      try {
        const write = read();
        if (write.kind === "unchanged") continue;
        const def = this.shape.def(name);
        this.#rememberInitial(name, def);
        changes.push(this.#act(name, def, () => def.set?.(this.of, write.value)));
      } catch (error) {
        refusal ??= error;
      }
    }
    const changed = changes.filter(({ hasChanged }) => hasChanged);
    this.#commit(changed, commit);
    return { changed: changed.map(({ name }) => name), refusal };
  }
  #change(name: string, def: AnyPropertyDef<T>, act: () => void, commit: () => void): boolean {
    const change = this.#act(name, def, act);
    if (change.hasChanged) this.#commit([change], commit);
    return change.hasChanged;
  }
  #act(name: string, def: AnyPropertyDef<T>, act: () => void): Change {
    const before = def.get?.(this.of);
    const storedBefore = def.persist?.save?.(this.of);
    act();
    // A write-only value that is not stored cannot be compared: it always counts as a change.
    const isComparable = def.get || def.persist?.save;
    const hasChanged =
      !isComparable ||
      !isSameValue(before, def.get?.(this.of)) ||
      !isSameValue(storedBefore, def.persist?.save?.(this.of));
    const undo = () => {
      const { persist } = def;
      if (persist?.save) persist.restore(this.of, storedBefore ?? persist.default, storedBefore !== undefined);
      else if (def.get) def.set?.(this.of, before);
    };
    return { name, hasChanged, undo };
  }
  #commit(changes: readonly Change[], commit: () => void): void {
    if (changes.length === 0) return;
    try {
      commit();
    } catch (error) {
      for (const { undo } of changes.toReversed()) undo();
      throw error;
    }
    for (const { name } of changes) this.touch(name);
  }
  /** Whether the store keeps it. */
  isStored(name: string): boolean {
    return this.shape.stored.has(name);
  }
  /** Rows for the store: JSON by name, without those at their default; of all that it keeps, or of these. */
  rows(names: Iterable<string> = this.shape.stored.keys()): Map<string, string> {
    const rows = new Map<string, string>();
    for (const name of names) {
      const json = this.#row(name);
      if (json !== undefined) rows.set(name, json);
    }
    return rows;
  }
  /** Undefined: the value leaves no row. */
  #row(name: string): string | undefined {
    const { get, persist } = this.shape.stored.get(name) ?? {};
    if (!persist) return undefined;
    const value = persist.save ? persist.save(this.of) : get?.(this.of);
    const isDefault = !persist.save && isSameValue(value, persist.default);
    return value === undefined || isDefault ? undefined : toJson(value);
  }
  /**
   * Rows that are absent go back to their default; a row that does not parse is reported by name and left at the
   * default.
   */
  restore(rows: ReadonlyMap<string, string>, onBadRow: (name: string, error: unknown) => void): void {
    for (const [name, { signature, persist }] of this.shape.stored) {
      if (!persist) continue;
      const json = rows.get(name);
      try {
        persist.restore(this.of, json === undefined ? persist.default : fromJson(signature, json), json !== undefined);
      } catch (error) {
        onBadRow(name, error);
        persist.restore(this.of, persist.default, false);
      }
      this.touch(name);
    }
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

/** Reads the text of {@link toJson}; throws on anything that is not a value of the signature. */
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
