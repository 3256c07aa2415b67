import assert from "node:assert/strict";
import { test } from "node:test";
import { introspectionXml } from "../../../src/bus/objects/introspection-xml.ts";
import { makeWorld, method, Thing, tables } from "./dispatcher-support.ts";

const introspectable = "org.freedesktop.DBus.Introspectable";
const peer = "org.freedesktop.DBus.Peer";

test("the tables of an interface become its introspection data", () => {
  const xml = introspectionXml([tables(new Thing(), { Go: method("a{sv}", "o", () => []) })], ["x"], {
    withDocs: true,
  });
  assert.equal(
    xml,
    `<!DOCTYPE node PUBLIC "-//freedesktop//DTD D-BUS Object Introspection 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/introspect.dtd">
<node>
  <interface name="org.fairlead.Thing1">
    <method name="Go">
      <annotation name="org.gtk.GDBus.DocString" value="Does it."/>
      <arg name="input" type="a{sv}" direction="in"/>
      <arg name="output" type="o" direction="out"/>
    </method>
    <signal name="Told">
      <annotation name="org.gtk.GDBus.DocString" value="Says it."/>
      <arg name="what" type="s"/>
    </signal>
    <property name="Name" type="s" access="readwrite">
      <annotation name="org.gtk.GDBus.DocString" value="Says &quot;s&quot;."/>
    </property>
    <property name="Level" type="u" access="read">
      <annotation name="org.gtk.GDBus.DocString" value="Says &quot;u&quot;."/>
    </property>
    <property name="Absent" type="s" access="read">
      <annotation name="org.gtk.GDBus.DocString" value="Says &quot;s&quot;."/>
    </property>
    <property name="Secret" type="s" access="write">
      <annotation name="org.gtk.GDBus.DocString" value="Says &quot;s&quot;."/>
      <annotation name="org.freedesktop.DBus.Property.EmitsChangedSignal" value="invalidates"/>
    </property>
    <property name="Drop" type="s" access="write">
      <annotation name="org.gtk.GDBus.DocString" value="Says &quot;s&quot;."/>
      <annotation name="org.freedesktop.DBus.Property.EmitsChangedSignal" value="invalidates"/>
    </property>
  </interface>
  <node name="x"/>
</node>
`,
  );
});

test("every node shows what is on it and below it", async () => {
  const { addThing, call } = await makeWorld();
  for (const path of ["/a/b", "/a/b/c/d", "/a/bc", "/x"]) addThing(path);
  const shown = async (path: string) => {
    const [xml] = (await call(path, introspectable, "Introspect")) as [string];
    return [...xml.matchAll(/<(?:interface|node) name="([^"]*)"/g)].map(([, name]) => name?.split(".").at(-1));
  };
  assert.deepEqual(await shown("/"), ["ObjectManager", "Introspectable", "Peer", "a", "x"]);
  assert.deepEqual(await shown("/a"), ["Introspectable", "Peer", "b", "bc"]);
  assert.deepEqual(await shown("/a/b"), ["Thing1", "Properties", "Introspectable", "Peer", "c"]);
  assert.deepEqual(await shown("/a/b/c/d"), ["Thing1", "Properties", "Introspectable", "Peer"]);
});

test("a path that has lost its objects is gone with them", async () => {
  const { addThing, call } = await makeWorld();
  const made = addThing("/a/b");
  await call("/a", introspectable, "Introspect");
  made.handle?.remove();
  await assert.rejects(call("/a", introspectable, "Introspect"), /no object at "\/a"/);
  await call("/", introspectable, "Introspect");
});

test("any client may ping any path and ask for the machine id", async () => {
  const { call } = await makeWorld();
  assert.deepEqual(await call("/anywhere", peer, "Ping"), []);
  const id = await call("/", peer, "GetMachineId").catch((error: unknown) => error);
  if (Array.isArray(id)) assert.match(id[0], /^[0-9a-f]{32}$/);
  else assert.match(String(id), /no machine id/);
});
