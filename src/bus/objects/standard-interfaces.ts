import { readFileSync } from "node:fs";
import type { WireVariant } from "../../base/property.ts";
import {
  type AnyExportedInterface,
  type Argument,
  BusError,
  type ExportedInterface,
  type MethodHandler,
} from "../bus.ts";
import { standardError } from "../wire/names.ts";
import { introspectionXml } from "./introspection-xml.ts";
import { managedObjects } from "./managed-objects.ts";
import type { ObjectTree, TreeObject } from "./object-tree.ts";
import { getAllProperties, getProperty, setProperty } from "./property-access.ts";

/** Target of a call to a standard interface: a path, and the object there, if any. */
export interface Node {
  readonly tree: ObjectTree;
  readonly path: string;
  readonly object: TreeObject | undefined;
}
type StandardInterface = Omit<ExportedInterface<Node>, "target" | "properties">;
type Handler = MethodHandler<Node>;

const args = (text: string): Argument[] =>
  text === ""
    ? []
    : text.split(",").map((item) => {
        const [name = "", signature = ""] = item.split(":");
        return { name, signature };
      });
const method = (input: string, output: string, handler: Handler) => ({
  in: args(input),
  out: args(output),
  doc: "",
  handler,
});
const signal = (input: string) => ({ args: args(input), doc: "" });

/** Machine ids are made once per installation; dbus-daemon keeps the second file where there is no systemd. */
const machineIdFiles = ["/etc/machine-id", "/var/lib/dbus/machine-id"];

function machineId(): string {
  for (const file of machineIdFiles) {
    try {
      const id = readFileSync(file, "latin1").trim();
      if (/^[0-9a-f]{32}$/.test(id)) return id;
    } catch {
      // The next file may be there.
    }
  }
  throw new BusError(standardError("FileNotFound"), "this machine has no machine id");
}

const peer: StandardInterface = {
  name: "org.freedesktop.DBus.Peer",
  methods: new Map([
    ["Ping", method("", "", () => [])],
    ["GetMachineId", method("", "machine_uuid:s", () => [machineId()])],
  ]),
  signals: new Map(),
};

const introspectable: StandardInterface = {
  name: "org.freedesktop.DBus.Introspectable",
  methods: new Map([["Introspect", method("", "xml_data:s", (_args, _caller, node) => [introspect(node)])]]),
  signals: new Map(),
};

const properties: StandardInterface = {
  name: "org.freedesktop.DBus.Properties",
  methods: new Map([
    [
      "Get",
      method("interface_name:s,property_name:s", "value:v", ([interfaceName, name], _caller, node) => [
        getProperty(objectOf(node), interfaceName as string, name as string),
      ]),
    ],
    [
      "GetAll",
      method("interface_name:s", "properties:a{sv}", ([interfaceName], _caller, node) =>
        getAllProperties(objectOf(node), interfaceName as string),
      ),
    ],
    ["Set", method("interface_name:s,property_name:s,value:v", "", setHandler)],
  ]),
  signals: new Map([
    ["PropertiesChanged", signal("interface_name:s,changed_properties:a{sv},invalidated_properties:as")],
  ]),
};

function setHandler([interfaceName, name, value]: Parameters<Handler>[0], caller: Parameters<Handler>[1], node: Node) {
  const done = setProperty(objectOf(node), interfaceName as string, name as string, value as WireVariant, caller);
  return done?.then(() => undefined);
}

const objectManager: StandardInterface = {
  name: "org.freedesktop.DBus.ObjectManager",
  methods: new Map([
    ["GetManagedObjects", method("", "objects:a{oa{sa{sv}}}", (_args, _caller, { tree }) => managedObjects(tree))],
  ]),
  signals: new Map([
    ["InterfacesAdded", signal("object_path:o,interfaces:a{sa{sv}}")],
    ["InterfacesRemoved", signal("object_path:o,interfaces:as")],
  ]),
};

/** The standard interfaces of a node: properties only where there is an object, the object manager only at the root. */
export function standardInterfaces({ tree, path, object }: Node): readonly StandardInterface[] {
  if (path === tree.root) return object ? rootWithObject : rootOnly;
  return object ? onObject : onPath;
}
const onPath = [introspectable, peer];
const onObject = [properties, introspectable, peer];
const rootOnly = [objectManager, introspectable, peer];
const rootWithObject = [objectManager, properties, introspectable, peer];

/** Peer answers at every path, whether anything is there or not. */
export const isPeer = (interfaceName: string | undefined): boolean => interfaceName === peer.name;
export const peerInterface = peer;

function introspect(node: Node): string {
  const own: readonly AnyExportedInterface[] = node.object?.interfaces ?? [];
  return introspectionXml([...own, ...standardInterfaces(node)], node.tree.childrenOf(node.path));
}

function objectOf({ object, path }: Node): TreeObject {
  if (!object) throw new BusError(standardError("UnknownObject"), `no object at ${path}`);
  return object;
}
