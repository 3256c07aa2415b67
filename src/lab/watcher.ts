import type { WireVariant } from "../base/property.ts";
import type { BusPort, SignalMessage } from "../bus/bus.ts";
import type { Change } from "./render.ts";

const busName = "org.chromium.flimflam";
const flimflam = (kind: string) => `${busName}.${kind}`;
/** States of a Service in which packets get through. */
const connectedStates = new Set(["ready", "online", "no-connectivity", "redirect-found", "portal-suspected"]);

/** Times, counters and summaries that other lines tell already. */
const untold = new Set([
  ...[
    "Diagnostics.Disconnects",
    "DownlinkSpeedKbps",
    "LastConnected",
    "LastManualConnect",
    "LastOnline",
    "NetworkConfig",
    "NetworkID",
  ],
  ...["SavedIPConfig", "ServiceCompleteList", "StartTime", "UplinkSpeedKbps"],
]);

type Properties = ReadonlyMap<string, WireVariant>;

/**
 * Follows the daemon on the bus as any client does: tells each change of a property once, and knows whether the
 * machine is connected. The daemon may come and go.
 */
export class Watcher {
  /** Names for object paths, as read when the object was first heard of. */
  readonly #names = new Map<string, string>();
  /** Values told last: the Manager repeats its lists after every sort, changed or not. */
  readonly #told = new Map<string, string>();
  #connectionState = "idle";
  readonly #listeners = new Set<() => void>();
  #isClosed = false;
  #turn: Promise<void> = Promise.resolve();

  constructor(
    private readonly bus: BusPort,
    private readonly tell: (change: Change) => void,
    private readonly now: () => number = Date.now,
  ) {
    bus.match({ sender: busName, member: "PropertyChanged" }, (signal) =>
      this.#inTurn((at) => this.#onSignal(signal, at)),
    );
    bus.watchName(busName, (owner) => this.#inTurn((at) => this.#onOwner(owner, at)));
  }

  /** News are told in the order they came, although names must be asked for; each with the time it came. */
  #inTurn(handle: (at: number) => Promise<void>): void {
    const at = this.now();
    this.#turn = this.#turn.then(() => handle(at));
  }

  get isConnected(): boolean {
    return connectedStates.has(this.#connectionState);
  }

  /** Tells nothing more. */
  close(): void {
    this.#isClosed = true;
  }

  /** Resolves as soon as the default Service is connected; true: it was in time. */
  untilConnected(limitMs: number): Promise<boolean> {
    return new Promise((resolve) => {
      const look = () => {
        if (this.isConnected) end(true);
      };
      const end = (inTime: boolean) => {
        clearTimeout(timer);
        this.#listeners.delete(look);
        resolve(inTime);
      };
      const timer = setTimeout(end, limitMs, false);
      this.#listeners.add(look);
      look();
    });
  }

  async #onOwner(owner: string | undefined, at: number): Promise<void> {
    const wasThere = this.#told.size > 0;
    this.#names.clear();
    this.#told.clear();
    this.#setConnectionState("idle");
    if (wasThere || owner !== undefined) this.#tell(at, "/", "daemon", owner === undefined ? "gone" : "there");
    if (owner === undefined) return;
    const manager = await this.#properties("/", "Manager");
    if (!manager) return;
    for (const name of ["Devices", "Services"]) await this.#learnNames(manager.get(name)?.value as readonly string[]);
    for (const name of ["Devices", "Services", "DefaultService", "ConnectionState"]) {
      this.#tell(at, "/", name, manager.get(name)?.value);
    }
    this.#setConnectionState(String(manager.get("ConnectionState")?.value ?? "idle"));
  }

  async #onSignal({ path, interface: interfaceName, args }: SignalMessage, at: number): Promise<void> {
    const [property, variant] = args as [string, WireVariant];
    const value = variant.value;
    if (interfaceName === flimflam("Manager") && property === "ConnectionState") {
      this.#setConnectionState(String(value));
    }
    if (untold.has(property)) return;
    await this.#learnNames([path, ...(Array.isArray(value) ? value : [value])]);
    this.#tell(at, path, property, value);
  }

  #setConnectionState(state: string): void {
    this.#connectionState = state;
    for (const listener of [...this.#listeners]) listener();
  }

  /** Object paths become names: the link of a Device, and of a Service if it has one. */
  async #learnNames(values: readonly unknown[] = []): Promise<void> {
    for (const path of values) {
      if (typeof path !== "string" || this.#names.has(path)) continue;
      const [, kind] = /^\/(device|service)\//.exec(path) ?? [];
      if (kind === undefined) continue;
      const name = kind === "device" ? await this.#linkOf(path) : await this.#nameOfService(path);
      this.#names.set(path, name === undefined ? path : `${kind} ${name}`);
    }
  }
  async #linkOf(device: string): Promise<string | undefined> {
    return (await this.#properties(device, "Device"))?.get("Interface")?.value as string | undefined;
  }
  async #nameOfService(path: string): Promise<string | undefined> {
    const service = await this.#properties(path, "Service");
    const device = service?.get("Device")?.value;
    const link = typeof device === "string" && device !== "/" ? await this.#linkOf(device) : undefined;
    // All cables are called "Ethernet"; their links differ.
    return link ?? (service?.get("Name")?.value as string | undefined);
  }

  async #properties(path: string, kind: string): Promise<Properties | undefined> {
    const call = { destination: busName, path, interface: flimflam(kind), member: "GetProperties" };
    return this.bus.call(call).then(
      ([properties]) => properties as Properties,
      // The object may have gone in the meantime, or the daemon.
      () => undefined,
    );
  }

  #tell(at: number, path: string, property: string, value: unknown): void {
    if (this.#isClosed) return;
    const named = this.#withNames(value);
    const key = `${path} ${property}`;
    const text = JSON.stringify(named, (_, entry) => (typeof entry === "bigint" ? `${entry}` : entry));
    if (this.#told.get(key) === text) return;
    this.#told.set(key, text);
    this.tell({ at, subject: this.#nameOf(path), property, value: named });
  }

  #nameOf(path: string): string {
    const [, link] = /^\/ipconfig\/(.+)_\d+_\w+$/.exec(path) ?? [];
    if (link !== undefined) return `ipconfig ${link}`;
    return path === "/" ? "manager" : (this.#names.get(path) ?? path);
  }
  #withNames(value: unknown): unknown {
    if (Array.isArray(value)) return value.map((entry) => this.#withNames(entry));
    if (value === "/") return "none";
    return typeof value === "string" ? (this.#names.get(value) ?? value) : value;
  }
}
