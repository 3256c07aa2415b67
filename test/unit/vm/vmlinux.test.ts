import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { compressedKernel } from "../../vm/image/vmlinux.ts";

const xz = Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]);

/** A bzImage: boot sector, `setupSectors` of setup code, the protected-mode code with the payload in it. */
function bzImage({
  setupSectors = 15,
  offset = 64,
  payload,
}: {
  setupSectors?: number;
  offset?: number;
  payload: Buffer;
}) {
  const image = Buffer.alloc(((setupSectors || 4) + 1) * 512 + offset + payload.length + 100, 0xee);
  image.writeUInt8(setupSectors, 0x1f1);
  image.write("HdrS", 0x202, "latin1");
  image.writeUInt32LE(offset, 0x248);
  image.writeUInt32LE(payload.length, 0x24c);
  payload.copy(image, ((setupSectors || 4) + 1) * 512 + offset);
  return image;
}

suite("the kernel in a bzImage", () => {
  const payload = Buffer.concat([xz, Buffer.from("the kernel")]);

  test("is found behind the setup code, to the byte", () => {
    assert.deepEqual(compressedKernel(bzImage({ payload })), payload);
  });
  test("no setup sectors stand for four", () => {
    assert.deepEqual(compressedKernel(bzImage({ setupSectors: 0, payload })), payload);
  });
  test("another compression than xz is left to the image's own code", () => {
    const gzip = Buffer.from([0x1f, 0x8b, 0x08, 0, 0, 0, 0, 0]);
    assert.equal(compressedKernel(bzImage({ payload: gzip })), undefined);
  });
  test("a payload said to lie outside the file is none", () => {
    assert.equal(compressedKernel(bzImage({ payload }).subarray(0, 8192)), undefined);
  });
  test("any other file is refused", () => {
    assert.throws(() => compressedKernel(Buffer.alloc(4096)), /no Linux kernel/);
  });
});
