/** IPv4 addresses as unsigned 32-bit numbers in host order, and their dotted text. */

const dotted = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/;

/** Four decimal octets without leading zeros, and nothing else; undefined for every other text. */
export function parseIpv4(text: string): number | undefined {
  const octets = dotted.exec(text)?.slice(1);
  if (!octets?.every((octet) => Number(octet) <= 255 && String(Number(octet)) === octet)) return undefined;
  return octets.reduce((sum, octet) => sum * 256 + Number(octet), 0);
}

export const formatIpv4 = (address: number): string =>
  `${address >>> 24}.${(address >>> 16) & 255}.${(address >>> 8) & 255}.${address & 255}`;

/** Netmask of a prefix length from 0 to 32. */
export const maskOfPrefix = (prefixLength: number): number =>
  prefixLength === 0 ? 0 : (0xffffffff << (32 - prefixLength)) >>> 0;

/** Undefined when the ones of the mask are not contiguous. */
export function prefixOfMask(mask: number): number | undefined {
  const prefixLength = Math.clz32(~mask >>> 0);
  return maskOfPrefix(prefixLength) === mask >>> 0 ? prefixLength : undefined;
}

/** The all-ones address of the subnet. */
export const broadcastOf = (address: number, prefixLength: number): number =>
  (address | ~maskOfPrefix(prefixLength)) >>> 0;

/** Whether both are in the subnet of that prefix length. */
export const isSameSubnet = (a: number, b: number, prefixLength: number): boolean =>
  ((a ^ b) & maskOfPrefix(prefixLength)) === 0;

/** An address that one host of a network may have: not in 0/8, not loopback, multicast, reserved or broadcast (RFC 1122, 3.2.1.3). */
export const isHostIpv4 = (address: number): boolean => {
  const first = address >>> 24;
  return first !== 0 && first !== 127 && first < 224;
};
