/**
 * Applies the kernel's messages to the world, in events and in dumps alike. Also knows which routes the kernel drops
 * without a word (IPv4 ones of a link that goes down, and of one that loses its last address), and which tables must be
 * looked at again because a message leaves more than one outcome possible. No input, no output.
 */
import { FlagsNew } from "netlink/dist/constants.js";
import { MessageType } from "netlink/dist/rt/gen_structs.js";
import { decodeAddress } from "./address-messages.ts";
import { isSameRouteObject } from "./identity.ts";
import { decodeIpv6Link } from "./ipv6-link-messages.ts";
import { decodeLink } from "./link-messages.ts";
import { decodeNeighbour } from "./neighbour-messages.ts";
import { decodeRoute } from "./route-messages.ts";
import type { RouteReport } from "./route-table.ts";
import { decodeRouterOptions, newRouterOption } from "./router-option-messages.ts";
import type { Address, Change, Family, Ipv6Link, Link } from "./rtnl.ts";
import { decodeRule } from "./rule-messages.ts";
import type { World } from "./snapshot.ts";
import type { MessageHeader } from "./wire.ts";

/** Part of the world that may be wrong until it is read again. */
export type Doubt =
  | { readonly kind: "routes"; readonly family: Family; readonly table: number }
  | { readonly kind: "link"; readonly index: number };

const none: readonly Change[] = [];

export class EventApplier {
  readonly #inDoubt = new Map<string, Doubt>();
  readonly #goneSources = new Set<string>();
  readonly #goneLinks = new Set<number>();

  constructor(private readonly world: World) {}

  /** Returns the changes to tell. Throws NetlinkFormatError, and then has changed nothing. */
  apply(header: MessageHeader, data: Buffer): readonly Change[] {
    const { from, end } = header;
    switch (header.type) {
      case MessageType.NEWLINK:
        return this.#withIpv6(this.#onLink(decodeLink(data, from, end)), decodeIpv6Link(data, from, end));
      case MessageType.DELLINK:
        return this.#onLinkGone(decodeLink(data, from, end));
      case MessageType.NEWADDR: {
        const decoded = decodeAddress(data, from, end);
        return listed(decoded && this.world.putAddress(decoded.address, decoded.lifetimesSetAt));
      }
      case MessageType.DELADDR:
        return this.#onAddressGone(decodeAddress(data, from, end)?.address);
      case MessageType.NEWROUTE:
        return this.#onRoute(decodeRoute(data, from, end), header.flags);
      case MessageType.DELROUTE:
        return this.#onRouteGone(decodeRoute(data, from, end));
      case MessageType.NEWRULE: {
        const decoded = decodeRule(data, from, end);
        return listed(decoded && this.world.putRule(decoded.key, decoded.rule));
      }
      case MessageType.DELRULE: {
        const decoded = decodeRule(data, from, end);
        return listed(decoded && this.world.removeRule(decoded.key));
      }
      case MessageType.NEWNEIGH:
      case MessageType.DELNEIGH: {
        const neighbour = decodeNeighbour(data, from, end);
        const isRemoved = header.type === MessageType.DELNEIGH;
        return neighbour ? [{ kind: "neighbour-changed", neighbour, isRemoved }] : none;
      }
      case newRouterOption:
        return decodeRouterOptions(data, from, end).map((heard) => ({ kind: "router-option-heard", heard }));
      case MessageType.DELNEXTHOP:
        // Its IPv4 routes go in silence; which they were is not known here.
        this.#doubtAll(4);
        return none;
      default:
        return none;
    }
  }

  /** The doubts to be read again; asking clears the list. Many messages that cast the same doubt cost one reading. */
  takeDoubts(): readonly Doubt[] {
    if (this.#goneSources.size > 0) this.#doubtRoutesFromGoneSources();
    if (this.#goneLinks.size > 0) this.#doubtLinksOnGoneOnes();
    if (this.#inDoubt.size === 0) return [];
    const doubts = [...this.#inDoubt.values()];
    this.#inDoubt.clear();
    return doubts;
  }
  /** Everything was read anew. */
  forgetDoubts(): void {
    this.#inDoubt.clear();
    this.#goneSources.clear();
    this.#goneLinks.clear();
  }

  #onLink(link: Link | undefined): readonly Change[] {
    const change = link && this.world.putLink(link);
    if (!change) return none;
    const wentDown = change.kind === "link-changed" && change.before.isUp && !change.link.isUp;
    if (wentDown) return [change, ...this.#dropRoutes(change.link.index)];
    return [change, ...listed(this.#tieOtherEnd(link))];
  }
  #withIpv6(changes: readonly Change[], ipv6: Ipv6Link | undefined): readonly Change[] {
    const change = ipv6 && this.world.putIpv6Link(ipv6);
    return change ? [...changes, change] : changes;
  }
  /** The first end of a pair is announced before it is tied to the second, and then no more. */
  #tieOtherEnd({ kind, index, lowerLink, isLowerLinkForeign }: Link): Change | undefined {
    if (kind !== "veth" || lowerLink === undefined || isLowerLinkForeign) return undefined;
    const other = this.world.links.get(lowerLink);
    if (other?.kind !== "veth" || other.lowerLink !== undefined) return undefined;
    return this.world.putLink({ ...other, lowerLink: index });
  }
  #onLinkGone(link: Link | undefined): readonly Change[] {
    if (!link) return none;
    this.#doubtSeveralNextHops();
    this.#goneLinks.add(link.index);
    return this.world.removeLink(link.index);
  }
  #dropRoutes(link: number, family?: Family): readonly Change[] {
    this.#doubtSeveralNextHops();
    return this.world.routeTable.removeOfLink(link, family);
  }
  #onAddressGone(address: Address | undefined): readonly Change[] {
    const change = address && this.world.removeAddress(address);
    if (!address || !change) return none;
    if (address.family === 6) return [change];
    this.#goneSources.add(address.address);
    const isLast = !this.world.addresses(address.link).some((other) => other.family === 4);
    return isLast ? [change, ...this.#dropRoutes(address.link, 4)] : [change];
  }
  #onRoute(report: RouteReport | undefined, flags: number): readonly Change[] {
    if (!report) return none;
    const { route } = report;
    const isReplacement = (flags & FlagsNew.REPLACE) !== 0;
    const replaced = isReplacement ? this.world.routeTable.inPlaceOf(report) : [];
    if (replaced.length > 1 || (route.family === 6 && route.hasSeveralNextHops)) this.#doubt(route);
    const [only] = replaced.length === 1 ? replaced : [];
    const removed = only && !isSameRouteObject(only, route) ? this.world.removeRoute(only, report.extra) : undefined;
    return [...listed(removed), ...this.world.routeTable.put(report)];
  }
  #onRouteGone(report: RouteReport | undefined): readonly Change[] {
    if (!report) return none;
    const change = this.world.routeTable.remove(report);
    // One of several IPv6 next hops goes with a message of its own.
    const { family, table, destination } = report.route;
    const isOneOfSeveral = this.world.routeTable.withSeveralNextHops.some(
      (other) => other.family === family && other.table === table && other.destination === destination,
    );
    if (!change && isOneOfSeveral) this.#doubt(report.route);
    return listed(change);
  }

  #doubt({ family, table }: { readonly family: Family; readonly table: number }): void {
    this.#inDoubt.set(`${family} ${table}`, { kind: "routes", family, table });
  }
  #doubtAll(family: Family): void {
    for (const route of this.world.routes()) if (route.family === family) this.#doubt(route);
  }
  #doubtSeveralNextHops(): void {
    for (const route of this.world.routeTable.withSeveralNextHops) this.#doubt(route);
  }
  /**
   * A link that moved to another namespace leaves links on top of it behind; the kernel does not report their new
   * state.
   */
  #doubtLinksOnGoneOnes(): void {
    for (const { index, lowerLink, isLowerLinkForeign } of this.world.links.values()) {
      if (lowerLink === undefined || isLowerLinkForeign || !this.#goneLinks.has(lowerLink)) continue;
      this.#inDoubt.set(`link ${index}`, { kind: "link", index });
    }
    this.#goneLinks.clear();
  }
  /**
   * Kernels differ in whether they tell of the routes that go along with their preferred source, and in which tables.
   */
  #doubtRoutesFromGoneSources(): void {
    for (const route of this.world.routes()) {
      if (route.preferredSource !== undefined && this.#goneSources.has(route.preferredSource)) this.#doubt(route);
    }
    this.#goneSources.clear();
  }
}

const listed = (change: Change | undefined): readonly Change[] => (change ? [change] : none);
