/** Follows the daemon: keeps the last value of every property, and tells each difference once. */
import type { WireVariant } from "../../base/property.ts";
import { isSameValue } from "../../base/property.ts";
import type { SignalMessage } from "../../bus/bus.ts";
import { busName, type Daemon } from "../daemon.ts";
import { labelOf } from "./object-names.ts";
import { BusObject, type Kind, kindOf, objectOf, textIn } from "./snapshot.ts";

export interface Subject {
  readonly path: string;
  readonly kind: Kind;
  readonly label: string;
}

/** News of one object. */
export type ObjectNews = { readonly subject: Subject } & (
  | {
      readonly kind: "property-changed";
      readonly property: string;
      /** Undefined: absent. */
      readonly before: WireVariant | undefined;
      readonly after: WireVariant | undefined;
      /** Empty: the daemon gave none. */
      readonly because: string;
    }
  | { readonly kind: "object-added" | "object-removed" }
  /** An event beside the properties: the type is the daemon's word. */
  | { readonly kind: "event"; readonly type: string; readonly because: string }
);
export type News = ObjectNews | { readonly kind: "daemon-gone" | "daemon-there" | "bus-gone" | "bus-there" };

interface Known {
  readonly kind: Kind;
  readonly properties: Map<string, WireVariant>;
}

/** The reasons of state changes come as an event of their own, before the change of the property. */
const stateEvent = "service-state-changed";
const withPrefix = /^\S+ -> \S+: /;

export class LiveView {
  readonly #known = new Map<string, Known>();
  readonly #labels = new Map<string, string>();
  readonly #stateReasons = new Map<string, string>();
  readonly #stop: (() => void)[] = [];
  /** Before the first snapshot, and after the daemon went: signals are older than the next snapshot. */
  #isReading = true;
  #owner: string | undefined;

  constructor(
    private readonly daemon: Daemon,
    private readonly tell: (news: News, at: number) => void,
    private readonly now: () => number,
  ) {}

  /** Rejects as {@link Daemon.snapshot}; nothing goes on then. */
  async start(): Promise<void> {
    const { daemon } = this;
    const listen = (interfaceName: string, member: string, on: (signal: SignalMessage) => void) => {
      const heard = (signal: SignalMessage) => {
        if (!this.#isReading) on(signal);
      };
      this.#stop.push(daemon.onSignal({ interface: interfaceName, member }, heard));
    };
    for (const kind of ["Manager", "Service", "Device", "Profile", "IPConfig"]) {
      listen(`${busName}.${kind}`, "PropertyChanged", (signal) => this.#onPropertyChanged(signal));
    }
    listen("org.freedesktop.DBus.Properties", "PropertiesChanged", (signal) => this.#onInvalidated(signal));
    listen("org.freedesktop.DBus.ObjectManager", "InterfacesAdded", ({ args }) => this.#onAdded(args));
    listen("org.freedesktop.DBus.ObjectManager", "InterfacesRemoved", ({ args }) => this.#onRemoved(args[0]));
    listen("org.fairlead.Events1", "Event", ({ args }) => this.#onEvent(args));
    await this.#read();
    this.#stop.push(
      daemon.bus.watchName(busName, (owner) => this.#onOwner(owner)),
      daemon.bus.onConnection((state) => {
        if (state !== "name-taken") this.#say({ kind: state === "lost" ? "bus-gone" : "bus-there" });
      }),
    );
  }
  close(): void {
    for (const stop of this.#stop.splice(0)) stop();
  }
  /** For labels: the Device that a Service names, as far as it is known. */
  deviceOf(service: BusObject): BusObject | undefined {
    const path = service.text("Device");
    const known = this.#known.get(path);
    return known && new BusObject(known.kind, path, known.properties);
  }
  /** A path as people call the object; other text as it is. */
  nameOf(text: string): string {
    return this.#labels.get(text) ?? text;
  }

  async #read(): Promise<void> {
    this.#isReading = true;
    const snapshot = await this.daemon.snapshot();
    this.#known.clear();
    this.#stateReasons.clear();
    for (const { path, kind, properties } of snapshot.all)
      this.#known.set(path, { kind, properties: new Map(properties) });
    for (const object of snapshot.all) this.#labels.set(object.path, labelOf(object, snapshot));
    this.#isReading = false;
  }

  #onOwner(owner: string | undefined): void {
    const before = this.#owner;
    this.#owner = owner;
    // The first news is that of the daemon that was just read.
    if (before === undefined && owner !== undefined && !this.#isReading) return;
    if (owner === undefined) {
      if (this.#isReading) return;
      this.#isReading = true;
      this.#say({ kind: "daemon-gone" });
      return;
    }
    this.#isReading = true;
    this.#read().then(
      () => this.#say({ kind: "daemon-there" }),
      // The daemon went again before it answered: the name's next owner tells.
      () => {},
    );
  }

  #onPropertyChanged({ path, interface: interfaceName, args }: SignalMessage): void {
    const [property, value] = args as [unknown, WireVariant | undefined];
    const known = this.#known.get(path);
    if (!known || kindOf(interfaceName) !== known.kind || typeof property !== "string" || !value) return;
    this.#change(path, known, property, value);
  }
  /** A property that is absent from now on has no PropertyChanged. */
  #onInvalidated({ path, args }: SignalMessage): void {
    const [interfaceName, , invalidated] = args as [string, unknown, unknown];
    const known = this.#known.get(path);
    if (!known || kindOf(interfaceName) !== known.kind || !Array.isArray(invalidated)) return;
    for (const property of invalidated) this.#change(path, known, String(property), undefined);
  }
  #change(path: string, { properties }: Known, property: string, after: WireVariant | undefined): void {
    const before = properties.get(property);
    if (isSameValue(before?.value, after?.value)) return;
    if (after) properties.set(property, after);
    else properties.delete(property);
    const because = property === "State" ? (this.#stateReasons.get(path) ?? "") : "";
    if (property === "State") this.#stateReasons.delete(path);
    this.#say({ kind: "property-changed", subject: this.#subject(path), property, before, after, because });
  }

  #onAdded(args: readonly unknown[]): void {
    const [path, interfaces] = args;
    const object = typeof path === "string" ? objectOf(path, interfaces) : undefined;
    if (!object) return;
    const isNew = !this.#known.has(object.path);
    this.#known.set(object.path, { kind: object.kind, properties: new Map(object.properties) });
    this.#labels.set(object.path, labelOf(object, this));
    if (isNew) this.#say({ kind: "object-added", subject: this.#subject(object.path) });
  }
  #onRemoved(path: unknown): void {
    if (typeof path !== "string" || !this.#known.has(path)) return;
    this.#say({ kind: "object-removed", subject: this.#subject(path) });
    this.#known.delete(path);
    this.#labels.delete(path);
    this.#stateReasons.delete(path);
  }
  #onEvent(args: readonly unknown[]): void {
    const [type, path, details] = args;
    if (typeof type !== "string" || typeof path !== "string") return;
    const because = details instanceof Map ? textIn(details, "Because") : "";
    if (type === stateEvent && this.#known.has(path)) this.#stateReasons.set(path, because.replace(withPrefix, ""));
    else this.#say({ kind: "event", type, subject: this.#subject(path), because });
  }

  #subject(path: string): Subject {
    const kind = this.#known.get(path)?.kind ?? "manager";
    return { path, kind, label: this.nameOf(path) };
  }
  #say(news: News): void {
    this.tell(news, this.now());
  }
}
