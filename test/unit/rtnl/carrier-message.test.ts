import assert from "node:assert/strict";
import { test } from "node:test";
import { linkWithCarrier } from "../../../src/rtnl/carrier-message.ts";

const [newLink, delLink, bridgeFamily] = [16, 17, 7];
const [up, lowerUp, running] = [0x1, 0x1_0000, 0x40];

/** struct nlmsghdr and struct ifinfomsg, as the kernel of this machine writes them. */
function message({ type = newLink, family = 0, flags = up | lowerUp | running }): Buffer {
  const [bytes, short] = [new Uint32Array(8), new Uint16Array(1)];
  bytes.set([32, 0, 0, 0, 0, 5, flags, 0]);
  const buffer = Buffer.from(bytes.buffer);
  short[0] = type;
  Buffer.from(short.buffer).copy(buffer, 4);
  buffer[16] = family;
  return buffer;
}

test("of a link that is up with carrier the index is found, also with attributes behind", () => {
  assert.equal(linkWithCarrier(message({})), 5);
  assert.equal(linkWithCarrier(Buffer.concat([message({}), Buffer.alloc(1500, 0xff)])), 5);
});

const others: Readonly<Record<string, Buffer>> = {
  "a loss": message({ flags: up }),
  "carrier on a link that is down": message({ flags: lowerUp }),
  "a bridge's port": message({ family: bridgeFamily }),
  "a link that goes": message({ type: delLink }),
  "half a message": message({}).subarray(0, 31),
  nothing: Buffer.alloc(0),
};
for (const [what, bytes] of Object.entries(others)) {
  test(`${what} is no carrier`, () => assert.equal(linkWithCarrier(bytes), undefined));
}
