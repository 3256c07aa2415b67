import { parseIpAddress } from "../base/ip-address.ts";
import type { Family } from "./rtnl.ts";

/** AF_INET and AF_INET6. */
export const familyToKernel: Readonly<Record<Family, number>> = { 4: 2, 6: 10 };

/** Undefined for families other than IP. */
export const familyFromKernel = (number: number | undefined): Family | undefined =>
  number === 2 ? 4 : number === 10 ? 6 : undefined;

export const addressLength = (family: Family): 4 | 16 => (family === 4 ? 4 : 16);

/** Throws RangeError unless the text is an address of this family. */
export function ipBytes(family: Family, text: string): Buffer {
  const bytes = parseIpAddress(text);
  if (bytes.length !== addressLength(family)) throw new RangeError(`"${text}" is not an IPv${family} address`);
  return bytes;
}
