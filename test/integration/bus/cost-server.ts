/** Exports a Service of 60 properties and as many links as asked for; run by cost.test.ts as a process of its own. */

import { ProcessClock } from "../../../src/base/clock.ts";
import { silentLog } from "../../../src/base/log.ts";
import type { AnyPropertyDef } from "../../../src/base/property.ts";
import type { ExportedObject, MethodDef, MethodHandler } from "../../../src/bus/bus.ts";
import { BusClient } from "../../../src/bus/bus-client.ts";
import { ObjectDispatcher } from "../../../src/bus/objects/dispatcher.ts";

const samples: readonly (readonly [string, unknown])[] = [
  ["s", "a value of usual length"],
  ["b", true],
  ["u", 1500],
  ["as", ["192.0.2.1", "192.0.2.2"]],
  ["o", "/device/eth0"],
  ["a{sv}", new Map([["Key", { signature: "s", value: "value" }]])],
];
const sampleOf = (name: string) => samples[Number(/\d+/.exec(name)) % samples.length] as readonly [string, unknown];
// biome-ignore lint/suspicious/noExplicitAny: of several types
const def = (signature: string): AnyPropertyDef<any> => ({ signature, doc: "", get: () => undefined });
const names = Array.from({ length: 60 }, (_unused, at) => `Property${at}`);
const serviceDefs = new Map(names.map((name) => [name, def(sampleOf(name)[0])]));
const values = new Map(names.map((name) => [name, sampleOf(name)[1]]));
const linkDefs = new Map([...serviceDefs].slice(0, 20));

interface Target {
  handle: ExportedObject | undefined;
}
type Methods = ReadonlyMap<string, MethodDef & { readonly handler: MethodHandler<Target> }>;
const method = (input: string, output: string, handler: MethodHandler<Target>) => ({
  in: input === "" ? [] : [{ name: "n", signature: input }],
  out: output === "" ? [] : [{ name: "result", signature: output }],
  doc: "",
  handler,
});
const cpuMicroseconds = () => {
  const { user, system } = process.cpuUsage();
  return user + system;
};
const methods: Methods = new Map([
  ["GetProperties", method("", "a{sv}", (_args, _caller, { handle }) => handle?.marshalledProperties("a.B"))],
  // The cost of any call: to read it, to find its method, to answer.
  ["Nothing", method("", "", () => [])],
  ["Change", method("", "", (_args, _caller, { handle }) => void handle?.propertyChanged("a.B", "Property1"))],
  ["Cpu", method("", "d", () => [cpuMicroseconds()])],
  ["Emit", method("u", "d", emit)],
  ["Export", method("u", "d", exportLinks)],
  [
    "Heap",
    method("", "d", () => {
      globalThis.gc?.();
      const { heapUsed, external } = process.memoryUsage();
      return [heapUsed + external];
    }),
  ],
]);
const signals = new Map([
  [
    "PropertyChanged",
    {
      args: [
        { name: "name", signature: "s" },
        { name: "value", signature: "v" },
      ],
      doc: "",
    },
  ],
]);

function emit([count]: readonly unknown[], _caller: unknown, { handle }: Target): unknown[] {
  const start = cpuMicroseconds();
  for (let at = 0; at < (count as number); at++) {
    handle?.emit("a.B", "PropertyChanged", ["Strength", { signature: "y", value: at & 0xff }]);
  }
  return [cpuMicroseconds() - start];
}
let links = 0;
function exportLinks([count]: readonly unknown[]): unknown[] {
  const start = cpuMicroseconds();
  for (let at = 0; at < (count as number); at++) exportOne(`/device/link${links++}`, linkDefs);
  return [cpuMicroseconds() - start];
}
function exportOne(path: string, defs: ReadonlyMap<string, ReturnType<typeof def>>): void {
  const target: Target = { handle: undefined };
  const properties = { defs, value: (name: string) => values.get(name) };
  target.handle = dispatcher.export(path, [{ name: "a.B", methods, signals, properties, target }]);
}

const bus = new BusClient({ address: process.argv[2] ?? "", clock: new ProcessClock(), log: silentLog });
const dispatcher = new ObjectDispatcher({ bus, log: silentLog });
exportOne("/service/0", serviceDefs);
await bus.connect();
await bus.requestName("org.fairlead.Cost");
console.log("ready");
