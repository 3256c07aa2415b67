import type { Log } from "../../../src/base/log.ts";
import type { AnyPropertyDef, WireVariant } from "../../../src/base/property.ts";
import type {
  AnyExportedInterface,
  Caller,
  ExportedObject,
  ExportedProperties,
  MethodDef,
  MethodHandler,
  SignalMessage,
} from "../../../src/bus/bus.ts";
import { ObjectDispatcher } from "../../../src/bus/objects/dispatcher.ts";
import { FakeBus, type FakeBusPort } from "../../fakes/fake-bus.ts";
import { FakeClock } from "../../fakes/fake-clock.ts";

export const thing = "org.fairlead.Thing1";
export const properties = "org.freedesktop.DBus.Properties";
export const objectManager = "org.freedesktop.DBus.ObjectManager";
export const standard = (name: string): string => `org.freedesktop.DBus.Error.${name}`;

// biome-ignore lint/suspicious/noExplicitAny: of several types
type Def = AnyPropertyDef<any>;
const def = (signature: string, rest: Partial<Def> = {}): Def => ({ signature, doc: `Says "${signature}".`, ...rest });
const get = () => undefined;
const set = () => {};

const thingDefs: ReadonlyMap<string, Def> = new Map([
  ["Name", def("s", { get, set })],
  ["Level", def("u", { get })],
  ["Absent", def("s", { get })],
  ["Secret", def("s", { get, set, isSecret: true })],
  ["Drop", def("s", { set })],
  ["Inside", def("s", { get, isInternal: true })],
]);

/** An exported thing: its values, the writes to it, and its handle. */
export class Thing implements ExportedProperties {
  readonly defs = thingDefs;
  readonly values = new Map<string, unknown>([
    ["Name", "one"],
    ["Level", 3],
  ]);
  readonly writes: (readonly [string, WireVariant, string])[] = [];
  handle: ExportedObject | undefined;

  value(name: string): unknown {
    if (name === "Secret" || name === "Drop" || name === "Inside") throw new Error(`${name} was asked for`);
    return this.values.get(name);
  }
  set(name: string, value: WireVariant, caller: Caller): void {
    this.writes.push([name, value, caller.sender]);
  }
  change(name: string, value: unknown): void {
    this.values.set(name, value);
    this.handle?.propertyChanged(thing, name);
  }
}

export const method = (
  input: string,
  output: string,
  handler: MethodHandler<Thing>,
): MethodDef & { readonly handler: MethodHandler<Thing> } => ({
  in: input === "" ? [] : [{ name: "input", signature: input }],
  out: output === "" ? [] : [{ name: "output", signature: output }],
  doc: "Does it.",
  handler,
});

export const tables = (
  target: Thing,
  methods: Readonly<Record<string, ReturnType<typeof method>>> = {},
): AnyExportedInterface => ({
  name: thing,
  methods: new Map(Object.entries(methods)),
  signals: new Map([["Told", { args: [{ name: "what", signature: "s" }], doc: "Says it." }]]),
  properties: target,
  target,
});

/** A dispatcher, a client of it, all signals the client hears, and all lines of the log. */
export async function makeWorld(maxCallsInFlight?: number) {
  const clock = new FakeClock();
  const bus = new FakeBus(clock);
  const [server, client] = [bus.port(), bus.port()];
  const lines: string[] = [];
  const keep = (message: string | (() => string)) => lines.push(typeof message === "function" ? message() : message);
  const log: Log = { error: keep, warn: keep, info: keep, debug() {} };
  const dispatcher = new ObjectDispatcher({ bus: server, log, ...(maxCallsInFlight && { maxCallsInFlight }) });
  await server.connect();
  await client.connect();
  const signals: SignalMessage[] = [];
  client.match({ sender: server.uniqueName ?? "" }, (signal) => signals.push(signal));
  const call = (path: string, interfaceName: string, member: string, signature = "", args: readonly unknown[] = []) =>
    callFrom(client, server, path, interfaceName, member, signature, args);
  const addThing = (path: string, methods: Readonly<Record<string, ReturnType<typeof method>>> = {}) => {
    const made = new Thing();
    made.handle = dispatcher.export(path, [tables(made, methods)]);
    return made;
  };
  return { clock, bus, server, client, dispatcher, lines, signals, call, addThing, settle: () => clock.settle() };
}

export const callFrom = (
  client: FakeBusPort,
  server: FakeBusPort,
  path: string,
  interfaceName: string,
  member: string,
  signature = "",
  args: readonly unknown[] = [],
): Promise<readonly unknown[]> =>
  client.call({ destination: server.uniqueName ?? "", path, interface: interfaceName, member, signature, args });
