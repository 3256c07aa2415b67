const xzMagic = Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]);

/**
 * The compressed kernel proper inside a bzImage (Documentation/arch/x86/boot.rst). An emulator that starts it directly
 * need not emulate its decompression, which takes longer than the rest of the boot. Undefined when it is compressed
 * with something other than xz; the bzImage can then be started as it is.
 */
export function compressedKernel(image: Buffer): Buffer | undefined {
  if (image.toString("latin1", 0x202, 0x206) !== "HdrS") throw new Error("this is no Linux kernel for x86");
  // Zero stands for four, since the days of floppy disks.
  const setupSectors = image.readUInt8(0x1f1) || 4;
  const start = (setupSectors + 1) * 512 + image.readUInt32LE(0x248);
  const payload = image.subarray(start, start + image.readUInt32LE(0x24c));
  return payload.subarray(0, xzMagic.length).equals(xzMagic) ? payload : undefined;
}
