/**
 * Traffic control (include/uapi/linux/pkt_sched.h, pkt_cls.h): a token bucket at the root of a link for outgoing
 * packets, and a policer behind the ingress qdisc for arriving ones. The flags limit what may be replaced, so that the
 * kernel itself keeps us from touching other programs' disciplines.
 */
import { FlagsNew } from "netlink/dist/constants.js";
import { formatTc, MessageType } from "netlink/dist/rt/gen_structs.js";
import { bytes, encodeDump, encodeMessage, encodeParts, inRange, newObject, type Part, text, u32 } from "./encode.ts";
import type { Qdisc, RateLimit } from "./rtnl.ts";
import { Attributes, afterFixedPart, readS32, readU32 } from "./wire.ts";

const attribute = { kind: 1, options: 2, ingressBlock: 13 } as const;
const tokenBucket = { parameters: 1, burst: 6 } as const;
const matcher = { selector: 5, actions: 7 } as const;
const action = { first: 1, kind: 1, options: 2 } as const;
const policer = { parameters: 1, rateTable: 2 } as const;

const headerLength = 20;
/** TC_H_ROOT and TC_H_INGRESS: where a qdisc hangs. */
const root = 0xffffffff;
const ingress = 0xfffffff1;
/** The ingress qdisc has no other handle. */
const ingressHandle = 0xffff0000;
/** TCM_IFINDEX_MAGIC_BLOCK: the parent is the number of a filter block. */
const blockInsteadOfLink = -1;

const ethernetLinkLayer = 1;
/** TC_POLICE_SHOT: packets beyond the rate are dropped. */
const drop = 2;
/** TC_U32_TERMINAL */
const terminal = 1;
const allProtocols = 3;
/** Our own block has no other filter. */
const filterPriority = 1;
/** The kernel counts time in 64 ns (PSCHED_SHIFT). */
const nanosecondsPerTick = 64;
/**
 * Entries of the table that the policer asks for are sizes in steps of 8 bytes; it only looks for oddities of ATM
 * there.
 */
const cellLog = 3;
const rateTableEntries = 256;

/**
 * NLM_F_CREATE alone: takes the place of the kernel's default, changes that of the same handle, and overrides no other.
 */
const createOrChange: number = FlagsNew.CREATE;

const header = (ifindex: number, parent: number, handle = 0): Part => formatTc({ ifindex, parent, handle });

export const encodePutShaper = (link: number, handle: number, limit: RateLimit): Buffer =>
  encodeMessage(MessageType.NEWQDISC, createOrChange, [
    header(link, root, handle),
    text(attribute.kind, "kind", "tbf"),
    bytes(attribute.options, encodeParts(tokenBucketOptions(limit))),
  ]);

/** Refused with EINVAL where another qdisc is at the root. */
export const encodeDeleteShaper = (link: number, handle: number): Buffer =>
  encodeMessage(MessageType.DELQDISC, 0, [header(link, root, handle)]);

/** `block`: the number its filters are found under, and the mark that it is ours. */
export const encodeAddIngress = (link: number, block: number): Buffer =>
  encodeMessage(MessageType.NEWQDISC, newObject, [
    header(link, ingress, ingressHandle),
    text(attribute.kind, "kind", "ingress"),
    u32(attribute.ingressBlock, "block", block),
  ]);

/** Its filters go with it. */
export const encodeDeleteIngress = (link: number): Buffer =>
  encodeMessage(MessageType.DELQDISC, 0, [header(link, ingress, ingressHandle)]);

export const encodeAddPolicer = (block: number, limit: RateLimit): Buffer =>
  encodeMessage(MessageType.NEWTFILTER, newObject, [
    formatTc({ ifindex: blockInsteadOfLink, parent: block, info: filterInfo() }),
    text(attribute.kind, "kind", "u32"),
    bytes(attribute.options, encodeParts(matchAllAndPolice(limit))),
  ]);

export const encodeQdiscDump = (): Buffer => encodeDump(MessageType.GETQDISC, [formatTc({})]);

export function decodeQdisc(data: Buffer, from: number, end: number): Qdisc {
  const attributesAt = afterFixedPart("qdisc message", from, end, headerLength);
  let kind = "";
  let block: number | undefined;
  for (const value = new Attributes(data, attributesAt, end); value.next(); ) {
    if (value.type === attribute.kind) kind = value.text();
    else if (value.type === attribute.ingressBlock) block = value.u32();
  }
  const isRoot = readU32(data, from + 12) === root;
  return {
    link: readS32(data, from + 4),
    kind,
    handle: readU32(data, from + 8),
    isRoot,
    ...(block !== undefined && { block }),
  };
}

/** Priority above, protocol in network byte order below. */
function filterInfo(): number {
  const protocol = Buffer.alloc(2);
  protocol.writeUInt16BE(allProtocols);
  const native = new Uint16Array(protocol.buffer, protocol.byteOffset, 1)[0] as number;
  return filterPriority * 0x10000 + native;
}

/** struct tc_tbf_qopt: rate, peak rate (none), limit of the queue, burst as time, MTU (of the peak rate). */
function tokenBucketOptions({ bytesPerSecond, burstBytes, queueBytes }: RateLimit): readonly Part[] {
  const parameters = Buffer.concat([
    rateSpecification(bytesPerSecond),
    rateSpecification(0),
    numbers(inRange("queueBytes", queueBytes, 0xffffffff), ticks(burstBytes, bytesPerSecond), 0),
  ]);
  return [bytes(tokenBucket.parameters, parameters), u32(tokenBucket.burst, "burstBytes", burstBytes)];
}

/** One key that every packet has, and the action. */
function matchAllAndPolice(limit: RateLimit): readonly Part[] {
  const key = Buffer.alloc(16);
  const selector = Buffer.alloc(16);
  selector.set([terminal, 0, 1]);
  const police = encodeParts([
    text(action.kind, "kind", "police"),
    bytes(action.options, encodeParts(policerOptions(limit))),
  ]);
  return [
    bytes(matcher.selector, Buffer.concat([selector, key])),
    bytes(matcher.actions, encodeParts([bytes(action.first, police)])),
  ];
}

/** struct tc_police: index, action, limit, burst as time, MTU, rate, peak rate, and three counts of the kernel's. */
function policerOptions({ bytesPerSecond, burstBytes }: RateLimit): readonly Part[] {
  const anySize = 0xffffffff;
  const parameters = Buffer.concat([
    numbers(0, drop, 0, ticks(burstBytes, bytesPerSecond), anySize),
    rateSpecification(bytesPerSecond),
    rateSpecification(0),
    numbers(0, 0, 0),
  ]);
  const table = Array.from({ length: rateTableEntries }, (_, at) => ticks((at + 1) << cellLog, bytesPerSecond));
  return [bytes(policer.parameters, parameters), bytes(policer.rateTable, numbers(...table))];
}

/** struct tc_ratespec: cell log, link layer, overhead, cell align, smallest packet, bytes per second. */
function rateSpecification(bytesPerSecond: number): Buffer {
  const specification = Buffer.alloc(12);
  if (bytesPerSecond > 0) specification.set([cellLog, ethernetLinkLayer]);
  specification.set(numbers(inRange("bytesPerSecond", bytesPerSecond, 0xffffffff)), 8);
  return specification;
}

/** How long so many bytes take, as the kernel counts time; no longer than fits its field. */
const ticks = (size: number, bytesPerSecond: number): number =>
  Math.min(0xffffffff, Math.ceil((size * 1e9) / bytesPerSecond / nanosecondsPerTick));

/** Numbers of 32 bits in the machine's byte order. */
const numbers = (...values: number[]): Buffer => Buffer.from(Uint32Array.from(values).buffer);
