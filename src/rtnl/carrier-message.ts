/** The one thing of a message that cannot wait for the decoder: that a link has carrier. */
import { MessageType } from "netlink/dist/rt/gen_structs.js";
import { readU16, readU32 } from "./wire.ts";

/** Offsets in struct nlmsghdr and, behind it, struct ifinfomsg (rtnetlink(7)). */
const at = { type: 4, family: 16, index: 20, flags: 24 } as const;
const leastBytes = 32;
const AF_UNSPEC = 0;
/** IFF_UP and IFF_LOWER_UP. */
const upWithCarrier = 0x1_0001;

/**
 * The link that an RTM_NEWLINK at the start of the datagram shows up and with carrier; undefined: it is another
 * message.
 */
export function linkWithCarrier(datagram: Buffer): number | undefined {
  if (datagram.length < leastBytes || readU16(datagram, at.type) !== MessageType.NEWLINK) return undefined;
  // A bridge tells of its ports in messages of its own family.
  if (datagram[at.family] !== AF_UNSPEC) return undefined;
  const hasCarrier = (readU32(datagram, at.flags) & upWithCarrier) === upWithCarrier;
  return hasCarrier ? readU32(datagram, at.index) : undefined;
}
