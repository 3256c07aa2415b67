import assert from "node:assert/strict";
import { test } from "node:test";
import { decodeLink, linkAttributes } from "../../../src/rtnl/link-messages.ts";

const attribute = (type: number, value: Buffer): Buffer => {
  const padded = Buffer.alloc((4 + value.length + 3) & ~3);
  padded.set(new Uint8Array(new Uint16Array([4 + value.length, type]).buffer));
  padded.set(value, 4);
  return padded;
};
const header = Buffer.alloc(16);
header.set(new Uint8Array(new Int32Array([7]).buffer), 4);

test("an event of wireless extensions is no news of the link, though it may carry its name", () => {
  const name = attribute(linkAttributes.name, Buffer.from("wlan0\0"));
  const event = Buffer.concat([header, name, attribute(linkAttributes.wireless, Buffer.alloc(16))]);
  assert.equal(decodeLink(event, 0, event.length), undefined);
  const plain = Buffer.concat([header, name]);
  assert.equal(decodeLink(plain, 0, plain.length)?.name, "wlan0");
});
