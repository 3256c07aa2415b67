import type { Cancel, Clock } from "../base/clock.ts";
import type { WireVariant } from "../base/property.ts";
import { BusError, type BusPort, type Call, type MatchRule, type SignalMessage } from "../bus/bus.ts";
import { standardError } from "../bus/wire/names.ts";
import { exitCodes, Failure } from "./failure.ts";
import { type FrontRouteView, frontRouteView } from "./view/front-routes.ts";
import { asTextMap, asTexts, type Properties, Snapshot } from "./view/snapshot.ts";

export const busName = "org.chromium.flimflam";
export const flimflam = (kind: string): string => `${busName}.${kind}`;
/** Of an error of shill's API. */
export const busError = (name: string): string => `org.chromium.flimflam.Error.${name}`;
export const fairlead = (kind: string): string => `org.fairlead.${kind}`;

/** Reading takes the daemon milliseconds, also with thousands of links: then it hangs, and a person wants to know. */
const readLimitMs = 5_000;
/**
 * A change is answered when it is stored, and before that a person may have to give a password: polkit is waited for
 * 300 s.
 */
const changeLimitMs = 330_000;
/** By then the user wonders about the silence. */
const quietMs = 3_000;

const absent: ReadonlySet<string> = new Set(["ServiceUnknown", "NameHasNoOwner"].map(standardError));
const notFairlead: ReadonlySet<string> = new Set(
  ["UnknownMethod", "UnknownInterface", "UnknownObject"].map(standardError),
);

/** Listener that hears when an answer takes its time. */
export interface Patience {
  readonly clock: Clock;
  tell(note: string): void;
}

/** The daemon as a client sees it. Every method rejects with {@link Failure}. */
export class Daemon {
  constructor(
    readonly bus: BusPort,
    private readonly patience?: Patience,
  ) {}

  async call(
    path: string,
    interfaceName: string,
    member: string,
    signature = "",
    args: readonly unknown[] = [],
  ): Promise<readonly unknown[]> {
    const call = { path, interface: interfaceName, member, signature, args, timeoutMs: changeLimitMs };
    const cancelNote = this.patience?.clock.startTimer("authorization-note", quietMs, () =>
      this.patience?.tell("waiting for authorization: somebody may be asked for a password"),
    );
    try {
      return await this.#request({ ...call, allowInteraction: true });
    } finally {
      cancelNote?.();
    }
  }
  /** A property of an interface of Fairlead's own. */
  async setOwn(path: string, kind: string, property: string, value: WireVariant): Promise<void> {
    await this.call(path, "org.freedesktop.DBus.Properties", "Set", "ssv", [fairlead(kind), property, value]);
  }
  read(
    path: string,
    interfaceName: string,
    member: string,
    signature = "",
    args: readonly unknown[] = [],
  ): Promise<readonly unknown[]> {
    return this.#request({ path, interface: interfaceName, member, signature, args, timeoutMs: readLimitMs });
  }
  async #request(call: Omit<Call, "destination">): Promise<readonly unknown[]> {
    try {
      return await this.bus.call({ ...call, destination: busName, noAutoStart: true });
    } catch (error) {
      throw asFailure(error);
    }
  }

  async properties(path: string, kind: string): Promise<Properties> {
    const [properties] = await this.read(path, flimflam(kind), "GetProperties");
    return asProperties(properties);
  }

  /** Everything in two calls that are under way together, as the daemon had it at one moment. */
  async snapshot(): Promise<Snapshot> {
    const [manager, [objects]] = await Promise.all([
      this.properties("/", "Manager"),
      this.read("/", "org.freedesktop.DBus.ObjectManager", "GetManagedObjects"),
    ]);
    return Snapshot.of(manager, objects);
  }

  /** Properties of all objects with `org.fairlead.<kind>1`, by path. */
  async objectsWith(kind: string): Promise<ReadonlyMap<string, Properties>> {
    const [objects] = await this.read("/", "org.freedesktop.DBus.ObjectManager", "GetManagedObjects");
    const found = new Map<string, Properties>();
    for (const [path, interfaces] of objects instanceof Map ? objects : []) {
      const properties = interfaces instanceof Map ? interfaces.get(fairlead(`${kind}1`)) : undefined;
      if (properties !== undefined) found.set(String(path), asProperties(properties));
    }
    return found;
  }
  /** Paths of Locations, Modifiers or Policies, in their order. */
  async automationList(property: string): Promise<readonly string[]> {
    const args = [fairlead("Automation1"), property];
    const [list] = await this.read("/", "org.freedesktop.DBus.Properties", "Get", "ss", args);
    return asTexts((list as WireVariant | undefined)?.value);
  }
  /** Properties of the Location in force; undefined: before the first choice, and of an older daemon. */
  async activeLocation(): Promise<Properties | undefined> {
    const standard = "org.freedesktop.DBus.Properties";
    try {
      const args = [fairlead("Automation1"), "ActiveLocation"];
      const [active] = await this.read("/", standard, "Get", "ss", args);
      const path = String((active as WireVariant | undefined)?.value);
      if (path === "/") return undefined;
      const [properties] = await this.read(path, standard, "GetAll", "s", [fairlead("Location1")]);
      return asProperties(properties);
    } catch (error) {
      // The object may have been destroyed between the two calls.
      if (error instanceof Failure && error.exitCode === exitCodes.refused) return undefined;
      throw error;
    }
  }
  whyLocation(): Promise<Properties> {
    return this.#own("/", "Automation1", "WhyLocation").then(asProperties);
  }

  version(): Promise<string> {
    return this.#own("/", "Manager1", "GetVersion").then(String);
  }
  /** Every Service with the reason of its place, best first. */
  order(): Promise<readonly Properties[]> {
    return this.#own("/", "Manager1", "GetOrder").then(asList);
  }
  /** With commas. */
  async technologyOrder(): Promise<string> {
    const [order] = await this.read("/", flimflam("Manager"), "GetServiceOrder");
    return String(order);
  }
  /** Entries of a user's Profile that are stored and not in force, with the reason; empty for those of the machine. */
  async keptBack(profile: string): Promise<ReadonlyMap<string, string>> {
    try {
      return asTextMap(await this.#own(profile, "Profile1", "KeptBack"));
    } catch (error) {
      // Its user logged out in the moment since the list was read.
      if (error instanceof Failure && error.errorName === standardError("UnknownObject")) return new Map();
      throw error;
    }
  }
  /** Whether the settings of a Profile outlast its time on the stack; an older daemon does not say. */
  async profileHasFile(profile: string): Promise<boolean> {
    return (await this.#own(profile, "Profile1", "HasFile").catch(() => true)) === true;
  }
  /** Files and Profiles that cannot be stored now, a sentence each. */
  async storageProblems(): Promise<readonly string[]> {
    const args = [fairlead("Manager1"), "StorageProblems"];
    const [property] = await this.read("/", "org.freedesktop.DBus.Properties", "Get", "ss", args).catch(() => []);
    return asTexts((property as WireVariant | undefined)?.value);
  }
  links(): Promise<readonly Properties[]> {
    return this.#own("/", "Manager1", "GetLinks").then(asList);
  }
  /** For each family, the default route that is in front. */
  async defaultRoutes(): Promise<readonly FrontRouteView[]> {
    return asList(await this.#own("/", "Manager1", "GetDefaultRoutes")).map(frontRouteView);
  }
  /** How names are resolved; empty: an older daemon does not say. */
  async resolver(): Promise<Properties> {
    return asProperties(await this.#own("/", "Manager1", "GetResolver").catch(() => undefined));
  }
  dump(): Promise<string> {
    return this.#own("/", "Manager1", "Dump").then(String);
  }
  /** As the log itself is for administrators, polkit may ask for a password. */
  async logLines(after: bigint, count: number): Promise<readonly Properties[]> {
    const [lines] = await this.call("/", fairlead("Log1"), "GetLines", "tu", [after, count]);
    return asList(lines);
  }
  async logSettings(): Promise<{ readonly level: string; readonly tags: string; readonly allTags: string }> {
    const manager = flimflam("Manager");
    const [level, [tags], [allTags]] = await Promise.all([
      this.#own("/", "Log1", "GetLevel"),
      this.read("/", manager, "GetDebugTags"),
      this.read("/", manager, "ListDebugTags"),
    ]);
    return { level: String(level), tags: String(tags), allTags: String(allTags) };
  }
  setLogLevel(level: string): Promise<unknown> {
    return this.call("/", fairlead("Log1"), "SetLevel", "s", [level]);
  }
  setLogTags(expression: string): Promise<unknown> {
    return this.call("/", flimflam("Manager"), "SetDebugTags", "s", [expression]);
  }
  persistLog(isKept: boolean): Promise<unknown> {
    return this.call("/", flimflam("Manager"), "PersistDebugConfig", "b", [isKept]);
  }
  history(): Promise<readonly Properties[]> {
    return this.#own("/", "Events1", "GetHistory", "u", [100]).then(asList);
  }
  why(path: string, kind: "Service" | "Device"): Promise<Properties> {
    return this.#own(path, `${kind}1`, "Why").then(asProperties);
  }
  async introspect(path: string): Promise<string> {
    const [xml] = await this.read(path, "org.freedesktop.DBus.Introspectable", "Introspect");
    return String(xml);
  }

  onSignal(rule: Omit<MatchRule, "sender">, listener: (signal: SignalMessage) => void): Cancel {
    return this.bus.match({ ...rule, sender: busName }, listener);
  }

  /** A method of Fairlead's own interfaces; another program that owns the name does not have them. */
  async #own(
    path: string,
    kind: string,
    member: string,
    signature = "",
    args: readonly unknown[] = [],
  ): Promise<unknown> {
    try {
      const [value] = await this.read(path, fairlead(kind), member, signature, args);
      return value;
    } catch (error) {
      if (!(error instanceof Failure) || !notFairlead.has(error.errorName) || path !== "/") throw error;
      throw new Failure(exitCodes.refused, `${busName} is owned by another program than fairleadd`, error.errorName);
    }
  }
}

const asProperties = (value: unknown): Properties =>
  value instanceof Map ? (value as ReadonlyMap<string, WireVariant>) : new Map();
const asList = (value: unknown): readonly Properties[] => (Array.isArray(value) ? value.map(asProperties) : []);

export const notRunning = (message: string): Failure => new Failure(exitCodes.notRunning, message);

function asFailure(error: unknown): unknown {
  if (!(error instanceof BusError)) return error;
  if (absent.has(error.busName)) return notRunning("the daemon is not running (fairleadd)");
  if (error.busName === standardError("Disconnected")) return notRunning(error.message);
  return new Failure(exitCodes.refused, error.message, error.busName);
}
