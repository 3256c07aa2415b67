import type { TestContext } from "node:test";
import { DaemonError } from "../../../src/base/errors.ts";
import { silentLog } from "../../../src/base/log.ts";
import type { AnyPropertyDef, Signature, WireVariant } from "../../../src/base/property.ts";
import type {
  AnyExportedInterface,
  Argument,
  ExportedObject,
  MethodDef,
  MethodHandler,
  SignalDef,
} from "../../../src/bus/bus.ts";
import { ObjectDispatcher } from "../../../src/bus/objects/dispatcher.ts";
import { runProgram } from "../../../src/cli/program.ts";
import { FakeBus, type FakeBusPort } from "../../fakes/fake-bus.ts";
import { FakeClock } from "../../fakes/fake-clock.ts";

const busName = "org.chromium.flimflam";
const flimflam = (kind: string) => `${busName}.${kind}`;

type Method = MethodDef & { readonly handler: MethodHandler<FakeObject> };
type Result = readonly unknown[] | undefined;
type Handler = (object: FakeObject, args: readonly unknown[]) => Result | Promise<Result>;
const signatures = (text: string): Argument[] =>
  text === "" ? [] : text.split(" ").map((signature) => ({ name: "a", signature }));
const method = (input: string, output: string, handler: Handler): Method => ({
  in: signatures(input),
  out: signatures(output),
  doc: "",
  handler: (args, _caller, object) => handler(object, args),
});
const changed: ReadonlyMap<string, SignalDef> = new Map([["PropertyChanged", { args: signatures("s v"), doc: "" }]]);

/** Signature and value of each property, as `["s", "eth0"]`. */
export type Values = Readonly<Record<string, readonly [signature: Signature, value: unknown]>>;

export interface Call {
  readonly path: string;
  readonly member: string;
  readonly args: readonly unknown[];
}

/** Properties of org.fairlead.<kind>1, by kind. */
const ownDefs: Readonly<Record<string, Readonly<Record<string, AnyPropertyDef<unknown>>>>> = {
  Service: { StaticIPv6Config: { signature: "a{sv}", doc: "", get: () => undefined, set: () => {} } },
  Device: { Addresses: { signature: "as", doc: "", get: () => undefined } },
};

/** One object with the methods that all shill objects have; the test says their effects beyond properties. */
class FakeObject {
  readonly values: Map<string, WireVariant>;
  exported: ExportedObject | undefined;
  /** Answers of org.fairlead.<kind>1.Why. */
  why: ReadonlyMap<string, WireVariant> = new Map();
  /** Answer of org.fairlead.Profile1.KeptBack. */
  keptBack: ReadonlyMap<string, string> = new Map();
  /** Properties of org.fairlead.<kind>1. */
  readonly ownValues = new Map<string, WireVariant>();
  readonly #defs = new Map<string, AnyPropertyDef<unknown>>();
  constructor(
    readonly daemon: FakeDaemon,
    readonly path: string,
    readonly kind: string,
    values: Values,
    readonly writeOnly: readonly string[] = [],
  ) {
    this.values = new Map(Object.entries(values).map(([name, [signature, value]]) => [name, { signature, value }]));
  }

  /** As a change inside the daemon; `undefined`: the property is absent from now on. */
  set(name: string, value: unknown): void {
    const before = this.values.get(name) as WireVariant;
    const after = { signature: before.signature, value };
    if (value === undefined) this.values.delete(name);
    else this.values.set(name, after);
    this.exported?.propertyChanged(flimflam(this.kind), name);
    if (value !== undefined) this.exported?.emit(flimflam(this.kind), "PropertyChanged", [name, after]);
  }
  setOwn(name: string, value: unknown): void {
    this.ownValues.set(name, { signature: this.ownValues.get(name)?.signature ?? "s", value });
    this.exported?.propertyChanged(`org.fairlead.${this.kind}1`, name);
  }
  remove(): void {
    this.exported?.remove();
  }
  /** As another program would have it: the property is of another type than ours. */
  retype(name: string, signature: Signature): void {
    this.#defs.set(name, { signature, doc: "", get: () => undefined, set: () => {} });
    this.exported?.propertyChanged(flimflam(this.kind), name);
  }

  get interfaces(): AnyExportedInterface[] {
    for (const [name, { signature }] of this.values) {
      this.#defs.set(name, { signature: signature as Signature, doc: "", get: () => undefined, set: () => {} });
    }
    for (const name of this.writeOnly) this.#defs.set(name, { signature: "s", doc: "", set: () => {} });
    const properties = { defs: this.#defs, value: (name: string) => this.values.get(name)?.value };
    return [
      { name: flimflam(this.kind), methods: propertyMethods, signals: changed, properties, target: this },
      {
        ...{ name: `org.fairlead.${this.kind}1`, methods: ownMethods, signals: new Map(), target: this },
        ...(ownDefs[this.kind] && { properties: this.#ownProperties() }),
      },
    ];
  }
  #ownProperties() {
    const defs = new Map(Object.entries(ownDefs[this.kind] ?? {}));
    for (const [name, { signature }] of defs)
      this.ownValues.set(name, { signature, value: signature === "as" ? [] : new Map() });
    return {
      defs,
      value: (name: string) => this.ownValues.get(name)?.value,
      set: async (name: string, variant: WireVariant) => {
        this.daemon.calls.push({ path: this.path, member: "Set", args: [name, variant] });
        this.setOwn(name, variant.value);
      },
    };
  }
}

const note = (member: string, act: Handler = () => undefined): Handler => {
  return (object, args) => {
    object.daemon.calls.push({ path: object.path, member, args });
    const answer = object.daemon.answers.get(`${object.path} ${member}`);
    if (answer instanceof Error) throw answer;
    return answer?.(args) ?? act(object, args);
  };
};

const propertyMethods = new Map<string, Method>([
  ["GetProperties", method("", "a{sv}", (object) => [object.values])],
  ["SetProperty", method("s v", "", note("SetProperty", setProperty))],
  ["ClearProperty", method("s", "", note("ClearProperty"))],
  ["Connect", method("", "", note("Connect"))],
  ["Disconnect", method("", "", note("Disconnect"))],
  ["RequestScan", method("s", "", note("RequestScan"))],
  ["GetServiceOrder", method("", "s", () => ["vpn,ethernet,wifi"])],
]);
const ownMethods = new Map<string, Method>([
  ["Why", method("", "a{sv}", (object) => [object.why])],
  ["KeptBack", method("", "a{ss}", (object) => [object.keptBack])],
]);

function setProperty(object: FakeObject, [name, variant]: readonly unknown[]): undefined {
  const { signature, value } = variant as WireVariant;
  const before = object.values.get(name as string);
  if (!before && !object.writeOnly.includes(name as string))
    throw new DaemonError("InvalidProperty", `Property ${name} does not exist.`);
  if (before && before.signature !== signature)
    throw new DaemonError("InvalidArguments", `Property ${name} is not that.`);
  if (before) object.set(name as string, value);
  return undefined;
}

export interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}
export interface RunOptions {
  /** The terminal's width; undefined: no terminal. */
  readonly columns?: number;
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
}

/** A program under way: monitor, or one that waits. */
export class Running {
  out = "";
  err = "";
  readonly ended: Promise<Ended>;
  interrupt: () => void = () => {};
  constructor(daemon: FakeDaemon, args: readonly string[], options: RunOptions) {
    const sink = (write: (text: string) => void) => ({ write, columns: options.columns });
    const around = {
      env: { ...options.env },
      stdout: sink((text) => {
        this.out += text;
      }),
      stderr: sink((text) => {
        this.err += text;
      }),
      clock: daemon.clock,
      version: "1.2.3",
      connect: () => daemon.connect(),
      onInterrupt: (listener: () => void) => {
        this.interrupt = listener;
        return () => {};
      },
      readInput: async () => options.input ?? "",
      readSecret: async () => options.input ?? "",
    };
    this.ended = runProgram(args, around).then((code) => ({ code, out: this.out, err: this.err }));
  }
}

type Order = readonly ReadonlyMap<string, WireVariant>[];

/** A daemon of made-up objects on a bus in memory, and the program that talks to it. */
export class FakeDaemon {
  readonly clock = new FakeClock();
  readonly bus = new FakeBus(this.clock);
  readonly calls: Call[] = [];
  /** `PATH MEMBER` -> the reply to the call, or the error. */
  readonly answers = new Map<string, Error | ((args: readonly unknown[]) => Result | Promise<Result>)>();
  readonly clients: FakeBusPort[] = [];
  readonly #objects = new Map<string, FakeObject>();
  order: Order = [];
  links: Order = [];
  defaultRoutes: Order = [];
  /** Answer of GetResolver. */
  resolver: ReadonlyMap<string, WireVariant> = new Map();
  dump = "{}";
  /** Told for each request for lines of the log, in whose middle it runs. */
  onLinesAsked = () => {};
  #port: FakeBusPort;
  #dispatcher: ObjectDispatcher;

  private constructor(readonly isFairlead: boolean) {
    this.#port = this.bus.port();
    this.#dispatcher = new ObjectDispatcher({ bus: this.#port, log: silentLog });
  }

  /** Two cables, the first of them online; `isFairlead: false`: another program that owns the name. */
  static async start(t: TestContext, options: { readonly isFairlead?: boolean } = {}): Promise<FakeDaemon> {
    const daemon = new FakeDaemon(options.isFairlead ?? true);
    await daemon.appear();
    t.after(() => daemon.#port.close());
    return daemon;
  }
  /** On the bus, with the name. */
  async appear(): Promise<void> {
    await this.#port.connect();
    if (this.#objects.size === 0) addCables(this);
    await this.#port.requestName(busName);
  }
  /** As after a crash; `appear` brings it back with the same objects. */
  async vanish(): Promise<void> {
    await this.#port.close();
  }
  async connect(): Promise<FakeBusPort> {
    const port = this.bus.port();
    await port.connect();
    this.clients.push(port);
    return port;
  }

  add(path: string, kind: string, values: Values, writeOnly: readonly string[] = []): FakeObject {
    const object = new FakeObject(this, path, kind, values, writeOnly);
    this.#objects.set(path, object);
    const interfaces = [...object.interfaces, ...(path === "/" && this.isFairlead ? this.#ownInterfaces() : [])];
    object.exported = this.#dispatcher.export(path, interfaces);
    return object;
  }
  at(path: string): FakeObject {
    const object = this.#objects.get(path);
    if (!object) throw new Error(`the fake daemon has no ${path}`);
    return object;
  }
  event(type: string, path: string, because: string): void {
    const details = new Map([["Because", { signature: "s", value: because }]]);
    this.at("/").exported?.emit("org.fairlead.Events1", "Event", [type, path, details]);
  }
  #ownInterfaces(): AnyExportedInterface[] {
    const methods = new Map<string, Method>([
      ["GetVersion", method("", "s", () => ["1.2.3"])],
      ["GetOrder", method("", "aa{sv}", () => [this.order])],
      ["GetLinks", method("", "aa{sv}", () => [this.links])],
      ["GetResolver", method("", "a{sv}", () => [this.resolver])],
      ["GetDefaultRoutes", method("", "aa{sv}", () => [this.defaultRoutes])],
      ["Dump", method("", "s", () => [this.dump])],
    ]);
    const lines = new Map<string, Method>([
      [
        "GetLines",
        method("tu", "aa{sv}", () => {
          this.onLinesAsked();
          return [[]];
        }),
      ],
    ]);
    const signals = new Map([["Event", { args: signatures("s o a{sv}"), doc: "" }]]);
    return [
      { name: "org.fairlead.Manager1", methods, signals: new Map(), target: undefined },
      { name: "org.fairlead.Log1", methods: lines, signals: new Map(), target: undefined },
      { name: "org.fairlead.Events1", methods: new Map(), signals, target: undefined },
    ];
  }

  /** Starts `fairlead ARGS`. */
  start(args: readonly string[], options: RunOptions = {}): Running {
    return new Running(this, args, options);
  }
  /** Runs `fairlead ARGS` to its end, without a terminal unless told otherwise. */
  run(...args: string[]): Promise<Ended> {
    return this.start(args).ended;
  }
  runWith(options: RunOptions, ...args: string[]): Promise<Ended> {
    return this.start(args, options).ended;
  }
  async json(...args: string[]): Promise<Record<string, unknown>> {
    const { code, out, err } = await this.run(...args, "--json");
    if (code !== 0) throw new Error(err);
    return JSON.parse(out) as Record<string, unknown>;
  }
}

export const entry = (values: Values): ReadonlyMap<string, WireVariant> =>
  new Map(Object.entries(values).map(([name, [signature, value]]) => [name, { signature, value }]));

function addCables(daemon: FakeDaemon): void {
  daemon.add("/", "Manager", {
    ActiveProfile: ["o", "/profile/default"],
    ConnectionState: ["s", "online"],
    DefaultService: ["o", "/service/0"],
    Devices: ["ao", ["/device/eth0", "/device/eth1"]],
    "DHCPProperty.Hostname": ["s", ""],
    Profiles: ["ao", ["/profile/default", "/profile/ada/home"]],
    ServiceCompleteList: ["ao", ["/service/0", "/service/1"]],
    Services: ["ao", ["/service/0", "/service/1"]],
  });
  daemon.add("/profile/default", "Profile", { Name: ["s", "default"], Entries: ["as", ["ethernet_any"]] });
  daemon.add("/profile/ada/home", "Profile", { Name: ["s", "home"], Entries: ["as", []] });
  daemon.add("/ipconfig/eth0_1_dhcp", "IPConfig", {
    Address: ["s", "192.0.2.5"],
    Gateway: ["s", "192.0.2.1"],
    Method: ["s", "dhcp"],
    Mtu: ["i", 1500],
    NameServers: ["as", ["192.0.2.53", "192.0.2.54"]],
    Prefixlen: ["i", 24],
    SearchDomains: ["as", ["example.org"]],
  });
  addDevice(daemon, "eth0", "/service/0", ["/ipconfig/eth0_1_dhcp"], true);
  addDevice(daemon, "eth1", "/", [], false);
  addService(daemon, "/service/0", "/device/eth0", "online");
  addService(daemon, "/service/1", "/device/eth1", "idle");
  daemon.order = [
    orderEntry("/service/0", "validation is disabled", "connected", "IsOnline", 0),
    orderEntry("/service/1", "new", "connection medium unavailable", "", -1),
  ];
  daemon.links = [
    linkEntry("lo", 1, "loopback", "loopback", "/"),
    linkEntry("docker0", 5, "unknown", "name docker0", "/"),
  ];
}

function addDevice(
  daemon: FakeDaemon,
  link: string,
  service: string,
  ipConfigs: readonly string[],
  carrier: boolean,
): void {
  const device = daemon.add(`/device/${link}`, "Device", {
    Address: ["s", "020000000001"],
    Interface: ["s", link],
    IPConfigs: ["ao", ipConfigs],
    Name: ["s", link],
    Powered: ["b", true],
    SelectedService: ["o", service],
    Type: ["s", "ethernet"],
    "Ethernet.LinkUp": ["b", carrier],
  });
  device.why = entry({
    Technology: ["s", "kind veth"],
    LeftAlone: ["s", ""],
    Users: ["as", [link]],
    Up: ["b", true],
    Carrier: ["b", carrier],
  });
}

function addService(daemon: FakeDaemon, path: string, device: string, state: string): void {
  const service = daemon.add(
    path,
    "Service",
    {
      AutoConnect: ["b", true],
      Device: ["o", device],
      Error: ["s", "no-failure"],
      ErrorDetails: ["s", ""],
      PreviousError: ["s", ""],
      PreviousErrorSerialNumber: ["i", 0],
      GUID: ["s", ""],
      LastConnected: ["t", 0n],
      Name: ["s", "Ethernet"],
      Priority: ["i", 0],
      Profile: ["s", "/profile/default"],
      ProbeUrl: ["s", ""],
      State: ["s", state],
      StaticIPConfig: ["a{sv}", new Map()],
      Strength: ["y", 100],
      Type: ["s", "ethernet"],
      UIData: ["s", ""],
      Visible: ["b", true],
    },
    ["Passphrase"],
  );
  service.why = entry({ StateReason: ["s", "new"], AutoConnectRefusal: ["s", ""], Failed: ["b", false] });
}

export const orderEntry = (path: string, reason: string, refusal: string, because: string, rank: number) =>
  entry({
    Path: ["s", path],
    StateReason: ["s", reason],
    AutoConnectRefusal: ["s", refusal],
    Because: ["s", because],
    Rank: ["i", rank],
  });
export const linkEntry = (name: string, index: number, technology: string, because: string, device: string) =>
  entry({
    Name: ["s", name],
    Index: ["i", index],
    Technology: ["s", technology],
    Because: ["s", because],
    Device: ["s", device],
    Carrier: ["b", false],
  });
