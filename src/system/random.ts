import { closeSync, openSync, readSync } from "node:fs";

const source = "/dev/urandom";

/**
 * Unpredictable bytes from the kernel. node:crypto gives the same, but loading it takes 4 ms of every start. Throws the
 * error of the system call where the machine has no such device.
 */
export function randomBytes(length: number): Buffer {
  const bytes = Buffer.allocUnsafe(length);
  const device = openSync(source, "r");
  try {
    for (let got = 0; got < length; ) got += readSync(device, bytes, got, length - got, null);
    return bytes;
  } finally {
    closeSync(device);
  }
}

/** So many numbers at a time: most are then had without a system call. */
const poolBytes = 256;
let pool: Buffer = Buffer.alloc(0);
let used = 0;

/** From 0 to 4,294,967,295. */
export function randomUint32(): number {
  if (used + 4 > pool.length) {
    pool = randomBytes(poolBytes);
    used = 0;
  }
  used += 4;
  return pool.readUInt32LE(used - 4);
}
