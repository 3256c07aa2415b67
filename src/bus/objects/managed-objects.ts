import type { AnyExportedInterface, MarshalledReply } from "../bus.ts";
import { defaultLimits } from "../wire/limits.ts";
import { Writer } from "../wire/writer.ts";
import type { ObjectTree, TreeObject } from "./object-tree.ts";
import { writePropertyBytes } from "./property-bytes.ts";

const announcement = new Writer();

/** Body of GetManagedObjects, `a{oa{sa{sv}}}`: all objects but the root, which is the manager itself. */
export function managedObjects({ objects, root }: Pick<ObjectTree, "objects" | "root">): MarshalledReply {
  const writer = new Writer(65_536);
  writer.begin(defaultLimits.maxSentBytes);
  writer.u32(0);
  writer.u32(0);
  const start = writer.position;
  for (const object of objects) {
    if (object.path === root) continue;
    object.refresh();
    writer.align(8);
    writeObject(writer, object, (at) => writePropertyBytes(writer, object.propertyBytes(at)));
  }
  writer.patchU32(writer.position - start, 4);
  return { marshalled: [writer.bytes.subarray(0, writer.position)] };
}

/** Body of InterfacesAdded, `oa{sa{sv}}`; to be sent before the next is asked for. */
export function addedObject(object: TreeObject): MarshalledReply {
  announcement.position = 0;
  announcement.begin(defaultLimits.maxSentBytes);
  writeObject(announcement, object, (at) => object.writeProperties(announcement, at));
  return { marshalled: [announcement.bytes.subarray(0, announcement.position)] };
}

/** Body of PropertiesChanged, `sa{sv}as`, likewise; undefined: there is nothing to tell. */
export function changedProperties(
  object: TreeObject,
  exported: AnyExportedInterface,
  names: Iterable<string>,
): MarshalledReply | undefined {
  announcement.position = 0;
  announcement.begin(defaultLimits.maxSentBytes);
  if (!object.writeChanges(announcement, exported, names)) return undefined;
  return { marshalled: [announcement.bytes.subarray(0, announcement.position)] };
}

function writeObject(writer: Writer, object: TreeObject, writeProperties: (at: number) => void): void {
  writer.text(object.path);
  writer.u32(0);
  const lengthEnd = writer.position;
  writer.align(8);
  const start = writer.position;
  for (let at = 0; at < object.interfaces.length; at++) {
    writer.align(8);
    writer.text((object.interfaces[at] as AnyExportedInterface).name);
    writeProperties(at);
  }
  writer.patchU32(writer.position - start, lengthEnd);
}
