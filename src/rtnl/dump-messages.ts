/**
 * Requests for whole tables. With NETLINK_GET_STRICT_CHK the kernel filters by their fields, so that routes we do not
 * keep are not even sent: four thousand links have tens of thousands of local and multicast routes.
 */
import { formatAddress, formatLink, formatRoute, formatRule, MessageType } from "netlink/dist/rt/gen_structs.js";
import { encodeDump, encodeMessage, type Part, u32 } from "./encode.ts";
import { familyToKernel } from "./families.ts";
import { linkAttributes } from "./link-messages.ts";
import { keptTypeNumbers, routeAttributes } from "./route-messages.ts";
import type { Family } from "./rtnl.ts";

/** RTEXT_FILTER_SKIP_STATS: statistics are half of a link's message. */
const skipStatistics = 1 << 3;

const withoutStatistics = (): Part => u32(linkAttributes.extendedMask, "extendedMask", skipStatistics);

/** One link. Not a dump: answered by the link and an acknowledgement, or by an error. */
export const linkQuery = (index: number): Buffer =>
  encodeMessage(MessageType.GETLINK, 0, [formatLink({ index }), withoutStatistics()]);

const linkDump = (): Buffer => encodeDump(MessageType.GETLINK, [formatLink({}), withoutStatistics()]);

const addressDump = (family: Family): Buffer =>
  encodeDump(MessageType.GETADDR, [formatAddress({ family: familyToKernel[family] })]);

const ruleDump = (family: Family): Buffer =>
  encodeDump(MessageType.GETRULE, [formatRule({ family: familyToKernel[family] })]);

/** One request for each type that is kept; the kernel filters by one type at a time. `table`: only that one. */
export const routeDumps = (family: Family, table?: number): readonly Buffer[] =>
  keptTypeNumbers.map((type) => {
    const header = formatRoute({ family: familyToKernel[family], type });
    const filter = table === undefined ? [] : [u32(routeAttributes.table, "table", table)];
    return encodeDump(MessageType.GETROUTE, [header, ...filter]);
  });

/** Everything that a snapshot holds. */
export const allDumps = (): readonly Buffer[] => [
  linkDump(),
  addressDump(4),
  addressDump(6),
  ...routeDumps(4),
  ...routeDumps(6),
  ruleDump(4),
  ruleDump(6),
];
