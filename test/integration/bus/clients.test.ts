import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { requirePrivateNamespace } from "../../harness/namespace.ts";
import { startProcess } from "../../harness/processes.ts";
import { until } from "../../harness/until.ts";
import {
  connect,
  exportSample,
  privateBus,
  runProgram,
  runPython,
  SampleObject,
  sampleInterface,
  sampleTables,
} from "./support.ts";

requirePrivateNamespace();

const name = "org.fairlead.Test";

async function meet(t: TestContext) {
  const { address } = await privateBus(t);
  const bus = await connect(t, address);
  const exported = exportSample(bus);
  await bus.requestName(name);
  const gdbus = (verb: string, ...args: string[]) => {
    const where = verb === "call" || verb === "introspect" ? ["--dest", name] : [];
    return runProgram(t, "gdbus", [verb, "--address", address, ...where, ...args], address);
  };
  const busctl = (...args: string[]) => runProgram(t, "busctl", [`--address=${address}`, ...args], address);
  return { address, bus, gdbus, busctl, ...exported };
}

test("gdbus reads the properties of an exported object", async (t) => {
  const { gdbus } = await meet(t);
  const { code, text } = await gdbus(
    "call",
    "--object-path",
    "/sample",
    "--method",
    `${sampleInterface}.GetProperties`,
  );
  assert.equal(text.trim(), "({'Name': <'first'>, 'Level': <uint32 7>, 'Tags': <@a{sv} {}>},)");
  assert.equal(code, 0);
});

test("gdbus introspects the whole tree and sees everything in one call", async (t) => {
  const { gdbus } = await meet(t);
  const { code, text } = await gdbus("introspect", "--object-path", "/", "--recurse");
  assert.equal(code, 0, text);
  assert.match(text, /node \/sample \{\s+interface org\.fairlead\.Sample1 \{/);
  assert.match(text, /EchoDict\(in {2}a\{sv\} value,/);
  const all = await gdbus(
    "call",
    "--object-path",
    "/",
    "--method",
    "org.freedesktop.DBus.ObjectManager.GetManagedObjects",
  );
  const inside = "{'Name': <'first'>, 'Level': <uint32 7>, 'Tags': <@a{sv} {}>}";
  assert.equal(all.text.trim(), `({objectpath '/sample': {'${sampleInterface}': ${inside}}},)`);
});

test("busctl lists the tree, introspects, reads and writes properties", async (t) => {
  const { busctl, sample } = await meet(t);
  const tree = await busctl("tree", "--list", name);
  assert.match(tree.text, /^\/sample$/m);
  const shown = await busctl("introspect", name, "/sample", sampleInterface);
  assert.match(shown.text, /\.Level\s+property\s+u\s+7\s+emits-change/);
  assert.match(shown.text, /\.Name\s+property\s+s\s+"first"\s+emits-change writable/);
  assert.match(shown.text, /\.Happened\s+signal\s+s/);
  assert.doesNotMatch(shown.text, /do not tell/);
  const set = await busctl("set-property", name, "/sample", sampleInterface, "Name", "s", "second");
  assert.equal(set.code, 0, set.text);
  assert.equal(sample.values.get("Name"), "second");
  const got = await busctl("get-property", name, "/sample", sampleInterface, "Name", "Level");
  assert.equal(got.text, 's "second"\nu 7\n');
});

test("python-dbus takes a plain dictionary for a{sv} from the introspection, and gets values of each type back", async (t) => {
  const { address } = await meet(t);
  const { code, text } = await runPython(
    t,
    address,
    `
o = dbus.Interface(bus.get_object("${name}", "/sample"), "${sampleInterface}")
r = o.EchoDict({"a": True, "b": dbus.UInt16(5), "c": "text", "d": ["x", "y"], "e": {"k": "v"}, "__proto__": 1})
print(sorted((str(k), v) for k, v in r.items()))
for v in [dbus.Byte(1), dbus.Int64(-2**63), dbus.UInt64(2**64-1), dbus.Double(0.5), dbus.ObjectPath("/a"),
          dbus.Signature("a{sv}"), dbus.Array([1, 2], signature="q"), dbus.ByteArray(b"\\0\\xff"),
          dbus.Struct((1, "two")), dbus.Dictionary({3: "drei"}, signature="us"), "äöü \\U0001F600", ""]:
    w = o.EchoVariant(v)
    assert w == v and type(w) == type(v) or isinstance(v, (str, dbus.ByteArray)) and bytes(str(w), "utf8") == bytes(str(v), "utf8") or list(w) == list(v), (v, w)
p = dbus.Interface(o, "org.freedesktop.DBus.Properties")
print(sorted(p.GetAll("${sampleInterface}")))
try:
    o.Break()
except dbus.DBusException as e:
    print(e.get_dbus_name(), e.get_dbus_message())
try:
    o.Echo("a", "b")
except TypeError as e:
    print("TypeError")
`,
  );
  assert.equal(code, 0, text);
  assert.match(text, /\('__proto__', dbus\.Int32\(1/);
  assert.match(text, /'b', dbus\.UInt16\(5/);
  assert.match(text, /\[dbus\.String\('Level'\), dbus\.String\('Name'\), dbus\.String\('Tags'\)\]/);
  assert.match(text, /org\.chromium\.flimflam\.Error\.InternalError Internal error/);
  assert.match(text, /TypeError/);
});

test("gdbus monitor hears what is added, changed and removed", async (t) => {
  const { address, dispatcher, sample } = await meet(t);
  const monitor = startProcess("gdbus", ["monitor", "--address", address, "--dest", name]);
  t.after(() => monitor.end());
  await monitor.untilOutput(/is owned by/);
  // By its first lines it may not listen yet.
  let level = 100;
  await until("gdbus hears signals", () => {
    sample.change("Level", ++level);
    return monitor.output().includes("PropertiesChanged");
  });
  const second = new SampleObject();
  const exported = dispatcher.export("/second", [sampleTables(second)]);
  await monitor.untilOutput(
    /ObjectManager\.InterfacesAdded \(objectpath '\/second', \{'org\.fairlead\.Sample1': \{'Name'/,
  );
  sample.change("Level", 8);
  await monitor.untilOutput(/PropertiesChanged \('org\.fairlead\.Sample1', \{'Level': <uint32 8>\}, @as \[\]\)/);
  sample.change("Secret", "never shown");
  await monitor.untilOutput(/PropertiesChanged \('org\.fairlead\.Sample1', @a\{sv\} \{\}, \['Secret'\]\)/);
  exported.remove();
  await monitor.untilOutput(/InterfacesRemoved \(objectpath '\/second', \['org\.fairlead\.Sample1'\]\)/);
  assert.doesNotMatch(monitor.output(), /never shown/);
});
