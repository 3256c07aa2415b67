import type { AnyExportedInterface, MarshalledReply } from "./bus.ts";
import { defaultLimits } from "./limits.ts";
import type { TreeObject } from "./object-tree.ts";
import { writeKept } from "./property-bytes.ts";
import { Writer } from "./writer.ts";

/** Body of GetManagedObjects, `a{oa{sa{sv}}}`: all objects but the root, which is the manager itself. */
export function managedObjects(objects: Iterable<TreeObject>): MarshalledReply {
  const writer = new Writer(65_536);
  writer.begin(defaultLimits.maxMessageBytes);
  writer.u32(0);
  writer.u32(0);
  const start = writer.position;
  for (const object of objects) {
    if (object.path === "/") continue;
    writer.align(8);
    writeObject(writer, object);
  }
  writer.patchU32(writer.position - start, 4);
  return taken(writer);
}

/** Body of InterfacesAdded, `oa{sa{sv}}`. Of thousands of objects that nobody asks about no bytes are kept. */
export function addedObject(object: TreeObject): MarshalledReply {
  const writer = new Writer(1024);
  writer.begin(defaultLimits.maxMessageBytes);
  writeObject(writer, object);
  object.forgetBytes();
  return taken(writer);
}

const taken = (writer: Writer): MarshalledReply => ({ marshalled: [writer.bytes.subarray(0, writer.position)] });

function writeObject(writer: Writer, object: TreeObject): void {
  writer.text(object.path);
  writer.u32(0);
  const lengthEnd = writer.position;
  writer.align(8);
  const start = writer.position;
  for (let at = 0; at < object.interfaces.length; at++) {
    writer.align(8);
    writer.text((object.interfaces[at] as AnyExportedInterface).name);
    writeKept(writer, object.propertyBytes(at));
  }
  writer.patchU32(writer.position - start, lengthEnd);
}
