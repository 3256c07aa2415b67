/** RTM_NEWNEIGH and RTM_DELNEIGH (include/uapi/linux/neighbour.h). */
import { FlagsNew } from "netlink/dist/constants.js";
import { formatNeighbor, MessageType } from "netlink/dist/rt/gen_structs.js";
import { formatIpAddress, formatMac, parseIpAddress } from "../base/ip-address.ts";
import { bytes, encodeDump, encodeMessage, u32 } from "./encode.ts";
import { addressLength, familyFromKernel, familyToKernel } from "./families.ts";
import type { Family, Neighbour } from "./rtnl.ts";
import { Attributes, afterFixedPart, readS32, readU16 } from "./wire.ts";

const attribute = { destination: 1, linkLayerAddress: 2, link: 8 } as const;
const headerLength = 12;

type Writable<T> = { -readonly [K in keyof T]: T[K] };

/** Undefined for entries that are not about an IP address (forwarding tables of bridges). */
export function decodeNeighbour(data: Buffer, from: number, end: number): Neighbour | undefined {
  const attributesAt = afterFixedPart("neighbour message", from, end, headerLength);
  const family = familyFromKernel(data[from]);
  if (family === undefined) return undefined;
  const neighbour: Writable<Neighbour> = {
    link: readS32(data, from + 4),
    family,
    address: "",
    state: readU16(data, from + 8),
  };
  for (const value = new Attributes(data, attributesAt, end); value.next(); ) {
    if (value.type === attribute.destination) {
      value.need(addressLength(family));
      neighbour.address = formatIpAddress(family, data, value.at);
    } else if (value.type === attribute.linkLayerAddress && value.length > 0) {
      neighbour.mac = formatMac(data, value.at, value.length);
    }
  }
  return neighbour.address === "" ? undefined : neighbour;
}

/** NLM_F_CREATE, and NTF_USE: as if a packet waited to be sent there. */
const create = FlagsNew.CREATE;

/** Throws RangeError for a text that is no address of the family. */
export function encodeResolveNeighbour(link: number, family: Family, address: string): Buffer {
  const destination = parseIpAddress(address);
  if (destination.length !== addressLength(family)) throw new RangeError(`"${address}" is not an IPv${family} address`);
  const header = formatNeighbor({ family: familyToKernel[family], ifindex: link, flags: { use: true } });
  return encodeMessage(MessageType.NEWNEIGH, create, [header, bytes(attribute.destination, destination)]);
}

export const encodeNeighbourDump = (link: number): Buffer =>
  encodeDump(MessageType.GETNEIGH, [formatNeighbor({}), u32(attribute.link, "link", link)]);
