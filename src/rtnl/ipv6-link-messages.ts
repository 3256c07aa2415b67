/**
 * IPv6 part of a link's news: IFLA_PROTINFO in messages of AF_INET6 (group RTNLGRP_IPV6_IFINFO), IFLA_AF_SPEC in all
 * others (include/uapi/linux/if_link.h).
 */
import { formatIpAddress } from "../base/ip-address.ts";
import type { Ipv6Link } from "./rtnl.ts";
import { Attributes, afterFixedPart, readS32 } from "./wire.ts";

const headerLength = 16;
const inet6 = 10;
const linkAttribute = { protocolInfo: 12, familySpecific: 26 } as const;
const attribute = { flags: 1, token: 7, addressGeneration: 8 } as const;
// IF_ flags of net/if_inet6.h, as IFLA_INET6_FLAGS shows them.
const flagManaged = 0x40;
const flagOther = 0x80;

type Writable<T> = { -readonly [K in keyof T]: T[K] };

/** Undefined for messages that say nothing of IPv6. */
export function decodeIpv6Link(data: Buffer, from: number, end: number): Ipv6Link | undefined {
  const attributesAt = afterFixedPart("link message", from, end, headerLength);
  const family = data[from];
  if (family !== 0 && family !== inet6) return undefined;
  const wanted = family === inet6 ? linkAttribute.protocolInfo : linkAttribute.familySpecific;
  for (const attributes = new Attributes(data, attributesAt, end); attributes.next(); ) {
    if (attributes.type !== wanted) continue;
    const own = family === inet6 ? attributes.nested() : inet6Of(attributes.nested());
    return own && read(readS32(data, from + 4), own, data);
  }
  return undefined;
}

function inet6Of(families: Attributes): Attributes | undefined {
  while (families.next()) if (families.type === inet6) return families.nested();
  return undefined;
}

function read(index: number, values: Attributes, data: Buffer): Ipv6Link {
  const link: Writable<Ipv6Link> = {
    link: index,
    isManaged: false,
    isOtherConfigured: false,
    addressGeneration: 0,
  };
  while (values.next()) {
    if (values.type === attribute.flags) {
      const flags = values.u32();
      link.isManaged = (flags & flagManaged) !== 0;
      link.isOtherConfigured = (flags & flagOther) !== 0;
    } else if (values.type === attribute.addressGeneration) {
      link.addressGeneration = values.u8();
    } else if (values.type === attribute.token) {
      values.need(16);
      const token = formatIpAddress(6, data, values.at);
      if (token !== "::") link.token = token;
    }
  }
  return link;
}

export const isSameIpv6Link = (a: Ipv6Link, b: Ipv6Link): boolean =>
  a.isManaged === b.isManaged &&
  a.isOtherConfigured === b.isOtherConfigured &&
  a.token === b.token &&
  a.addressGeneration === b.addressGeneration;
