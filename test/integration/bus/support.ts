import type { TestContext } from "node:test";
import { ProcessClock } from "../../../src/base/clock.ts";
import { type Log, silentLog } from "../../../src/base/log.ts";
import type { AnyPropertyDef } from "../../../src/base/property.ts";
import type {
  AnyExportedInterface,
  ExportedObject,
  ExportedProperties,
  MethodDef,
  MethodHandler,
} from "../../../src/bus/bus.ts";
import { BusClient } from "../../../src/bus/bus-client.ts";
import { ObjectDispatcher } from "../../../src/bus/objects/dispatcher.ts";
import type { BusLimits } from "../../../src/bus/wire/limits.ts";
import { type PrivateBus, type PrivateBusOptions, startPrivateBus } from "../../harness/private-bus.ts";
import { startProcess } from "../../harness/processes.ts";

/** A bus for one test; it goes with the test. */
export async function privateBus(t: TestContext, options: PrivateBusOptions = {}): Promise<PrivateBus> {
  const bus = await startPrivateBus(options);
  t.after(() => bus.remove());
  return bus;
}

/** Keeps every line, also those for debugging. */
export function keepingLog(): { readonly log: Log; readonly lines: string[] } {
  const lines: string[] = [];
  const keep = (message: string | (() => string)) => lines.push(typeof message === "function" ? message() : message);
  return { log: { error: keep, warn: keep, info: keep, debug: keep }, lines };
}

/** A connection of ours; it goes with the test. */
export async function connect(
  t: TestContext,
  address: string,
  limits: Partial<BusLimits> = {},
  log: Log = silentLog,
): Promise<BusClient> {
  const client = new BusClient({ address, clock: new ProcessClock(), log, limits });
  t.after(() => client.close());
  await client.connect();
  return client;
}

export const method = (
  input: string,
  output: string,
  handler: MethodHandler<SampleObject>,
): MethodDef & { readonly handler: MethodHandler<SampleObject> } => ({
  in: input === "" ? [] : [{ name: "value", signature: input }],
  out: output === "" ? [] : [{ name: "result", signature: output }],
  doc: "",
  handler,
});

// biome-ignore lint/suspicious/noExplicitAny: defs of several signatures
const defs: ReadonlyMap<string, AnyPropertyDef<any>> = new Map<string, any>([
  ["Name", { signature: "s", doc: "", get: () => undefined, set: () => {} }],
  ["Level", { signature: "u", doc: "", get: () => undefined }],
  ["Tags", { signature: "a{sv}", doc: "", get: () => undefined, set: () => {} }],
  ["Secret", { signature: "s", doc: "", get: () => undefined, set: () => {}, isSecret: true }],
  ["Drop", { signature: "s", doc: "", set: () => {} }],
]);

export const sampleInterface = "org.fairlead.Sample1";

/** An object with properties of all kinds of access, as an adaptor would be. */
export class SampleObject implements ExportedProperties {
  readonly defs = defs;
  readonly values = new Map<string, unknown>([
    ["Name", "first"],
    ["Level", 7],
    ["Tags", new Map()],
    ["Secret", "do not tell"],
    ["Drop", "do not tell"],
  ]);
  exported: ExportedObject | undefined;

  value(name: string): unknown {
    return this.values.get(name);
  }
  set(name: string, { value }: { readonly value: unknown }): void {
    this.change(name, value);
  }
  change(name: string, value: unknown): void {
    this.values.set(name, value);
    this.exported?.propertyChanged(sampleInterface, name);
  }
}

const sampleMethods = new Map([
  ["Echo", method("s", "s", (args) => args)],
  ["EchoVariant", method("v", "v", (args) => args)],
  ["EchoDict", method("a{sv}", "a{sv}", (args) => args)],
  [
    "GetProperties",
    method("", "a{sv}", (_args, _caller, { exported }) => exported?.marshalledProperties(sampleInterface)),
  ],
  ["WhoAmI", method("", "u", async (_args, caller) => [(await caller.credentials()).uid])],
  [
    "Break",
    method("", "", () => {
      throw new Error("secret detail in /a/path");
    }),
  ],
]);

/** A dispatcher with one {@link SampleObject} at /sample. */
export function exportSample(
  bus: BusClient,
  extra: Iterable<readonly [string, MethodDef & { readonly handler: MethodHandler<SampleObject> }]> = [],
  log: Log = silentLog,
): { readonly dispatcher: ObjectDispatcher; readonly sample: SampleObject } {
  const dispatcher = new ObjectDispatcher({ bus, log });
  const sample = new SampleObject();
  sample.exported = dispatcher.export("/sample", [sampleTables(sample, extra)]);
  return { dispatcher, sample };
}

export const sampleTables = (
  sample: SampleObject,
  extra: Iterable<readonly [string, MethodDef & { readonly handler: MethodHandler<SampleObject> }]> = [],
): AnyExportedInterface => ({
  name: sampleInterface,
  methods: new Map([...sampleMethods, ...extra]),
  signals: new Map([["Happened", { args: [{ name: "what", signature: "s" }], doc: "" }]]),
  properties: sample,
  target: sample,
});

export interface Output {
  readonly code: number | null;
  readonly text: string;
}

/** Runs a program to its end (at most `limitMs`) while this process goes on. */
export async function runProgram(
  t: TestContext,
  command: string,
  args: readonly string[],
  address: string,
  limitMs = 20_000,
): Promise<Output> {
  const env = { ...process.env, DBUS_SYSTEM_BUS_ADDRESS: address, DBUS_SESSION_BUS_ADDRESS: address };
  const child = startProcess(command, args, { env });
  t.after(() => child.end());
  const { code } = await child.waitExit(limitMs);
  return { code, text: child.output() };
}

/** Runs a Python program; `bus` is a connection to the bus. */
export const runPython = (t: TestContext, address: string, program: string, limitMs = 20_000): Promise<Output> =>
  runProgram(t, "/usr/bin/python3", ["-c", pythonPrelude + program], address, limitMs);

const pythonPrelude = `
import os, sys, dbus, dbus.bus
bus = dbus.bus.BusConnection(os.environ["DBUS_SYSTEM_BUS_ADDRESS"])
`;
