/** RTM_NEWNEIGH and RTM_DELNEIGH (include/uapi/linux/neighbour.h). */
import { formatNeighbor, MessageType } from "netlink/dist/rt/gen_structs.js";
import { formatIpAddress, formatMac } from "../base/ip-address.ts";
import { encodeDump, u32 } from "./encode.ts";
import { addressLength, familyFromKernel } from "./families.ts";
import type { Neighbour } from "./rtnl.ts";
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

export const encodeNeighbourDump = (link: number): Buffer =>
  encodeDump(MessageType.GETNEIGH, [formatNeighbor({}), u32(attribute.link, "link", link)]);
