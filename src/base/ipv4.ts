/** IPv4 addresses as unsigned 32-bit numbers in host order, and their dotted text. */

const zero = 48;
const dot = 46;

/** Four decimal octets without leading zeros, and nothing else; undefined for every other text. */
export function parseIpv4(text: string): number | undefined {
  // By hand: compiling a pattern would cost more than the rest of a first DHCP exchange's parsing.
  let address = 0;
  let octet = -1;
  let octets = 0;
  for (let at = 0; at <= text.length; at++) {
    const code = at === text.length ? dot : text.charCodeAt(at);
    if (code === dot) {
      if (octet < 0 || ++octets > 4) return undefined;
      address = address * 256 + octet;
      octet = -1;
    } else {
      const digit = code - zero;
      if (digit < 0 || digit > 9 || octet === 0) return undefined;
      octet = Math.max(octet, 0) * 10 + digit;
      if (octet > 255) return undefined;
    }
  }
  return octets === 4 ? address : undefined;
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

/**
 * An address that one host of a network may have: not in 0/8, not loopback, multicast, reserved or broadcast (RFC 1122,
 * 3.2.1.3).
 */
export const isHostIpv4 = (address: number): boolean => {
  const first = address >>> 24;
  return first !== 0 && first !== 127 && first < 224;
};
