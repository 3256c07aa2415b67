/** RTM_NEWRULE and RTM_DELRULE (include/uapi/linux/fib_rules.h). */
import { formatRule, MessageType } from "netlink/dist/rt/gen_structs.js";
import { addressBits, formatIpAddress, parseCidr } from "../base/ip-address.ts";
import { bytes, encodeMessage, inRange, newObject, type Part, text, u8, u32 } from "./encode.ts";
import { addressLength, familyFromKernel, familyToKernel } from "./families.ts";
import type { Family, Rule } from "./rtnl.ts";
import { Attributes, afterFixedPart, NetlinkFormatError, readU32 } from "./wire.ts";

const attribute = {
  destination: 1,
  source: 2,
  inputInterface: 3,
  goto: 4,
  priority: 6,
  mark: 10,
  flow: 11,
  suppressPrefixLength: 14,
  table: 15,
  markMask: 16,
  outputInterface: 17,
  padding: 18,
  protocol: 21,
} as const;
const headerLength = 12;
/** FIB_RULE_INVERT; the other flags describe the present state and change without news. */
const flagInvert = 0x2;
const notSuppressed = 0xffffffff;
const anyMark = 0xffffffff;

const actions: ReadonlyMap<number, Rule["action"]> = new Map([
  [1, "lookup"],
  [2, "goto"],
  [6, "blackhole"],
  [7, "unreachable"],
  [8, "prohibit"],
]);
const actionNumbers: ReadonlyMap<Rule["action"], number> = new Map(
  [...actions].map(([number, name]) => [name, number]),
);

type Writable<T> = { -readonly [K in keyof T]: T[K] };

export interface DecodedRule {
  readonly rule: Rule;
  /** Equal for the same rule only, also where {@link Rule} shows no difference. */
  readonly key: string;
}

/** Undefined for families other than IP (multicast routing has rules of its own). */
export function decodeRule(data: Buffer, from: number, end: number): DecodedRule | undefined {
  const attributesAt = afterFixedPart("rule message", from, end, headerLength);
  const family = familyFromKernel(data[from]);
  if (family === undefined) return undefined;
  const rule: Writable<Rule> = {
    family,
    priority: 0,
    action: actions.get(data[from + 7] as number) ?? "other",
    table: data[from + 4] as number,
    protocol: 0,
  };
  const isInverted = (readU32(data, from + 8) & flagInvert) !== 0;
  if (isInverted) rule.isInverted = true;
  // TOS
  if (data[from + 3] !== 0) rule.hasOtherConditions = true;
  for (const attributes = new Attributes(data, attributesAt, end); attributes.next(); ) {
    readAttribute(rule, attributes, data, from);
  }
  if (rule.mark === undefined) delete rule.markMask;
  const key = `${isInverted}${data.toString("latin1", from, from + 8)}${data.toString("latin1", attributesAt, end)}`;
  return { rule, key };
}

function readAttribute(rule: Writable<Rule>, value: Attributes, data: Buffer, from: number): void {
  switch (value.type) {
    case attribute.destination:
      rule.destination = readBlock(rule.family, value, data, from + 1);
      break;
    case attribute.source:
      rule.source = readBlock(rule.family, value, data, from + 2);
      break;
    case attribute.inputInterface:
      rule.inputInterface = value.text();
      break;
    case attribute.outputInterface:
      rule.outputInterface = value.text();
      break;
    case attribute.priority:
      rule.priority = value.u32();
      break;
    case attribute.table:
      rule.table = value.u32();
      break;
    case attribute.protocol:
      rule.protocol = value.u8();
      break;
    case attribute.mark:
      rule.mark = value.u32();
      break;
    case attribute.markMask:
      if (value.u32() !== anyMark) rule.markMask = value.u32();
      break;
    case attribute.goto:
      rule.gotoPriority = value.u32();
      break;
    case attribute.suppressPrefixLength:
      if (value.u32() !== notSuppressed) rule.suppressPrefixLength = value.u32();
      break;
    case attribute.flow:
    case attribute.padding:
      break;
    default:
      rule.hasOtherConditions = true;
  }
}

function readBlock(family: Family, value: Attributes, data: Buffer, prefixLengthAt: number): string {
  const prefixLength = data[prefixLengthAt] as number;
  if (prefixLength > addressBits(family)) throw new NetlinkFormatError(`prefix length ${prefixLength}`);
  value.need(addressLength(family));
  return `${formatIpAddress(family, data, value.at)}/${prefixLength}`;
}

export const encodeAddRule = (rule: Rule): Buffer => encodeMessage(MessageType.NEWRULE, newObject, ruleParts(rule));

export const encodeDeleteRule = (rule: Rule): Buffer => encodeMessage(MessageType.DELRULE, 0, ruleParts(rule));

function ruleParts(rule: Rule): Part[] {
  if (rule.isInverted || rule.hasOtherConditions)
    throw new RangeError("rules with such conditions are not ours to make");
  const source = block(rule.family, rule.source);
  const destination = block(rule.family, rule.destination);
  const parts: Part[] = [header(rule, source?.prefixLength ?? 0, destination?.prefixLength ?? 0)];
  if (source) parts.push(bytes(attribute.source, source.bytes));
  if (destination) parts.push(bytes(attribute.destination, destination.bytes));
  parts.push(u32(attribute.priority, "priority", rule.priority), u8(attribute.protocol, "protocol", rule.protocol));
  parts.push(...conditions(rule));
  if (rule.action === "lookup") parts.push(u32(attribute.table, "table", rule.table));
  return parts;
}

function header(rule: Rule, srcLen: number, dstLen: number): Buffer {
  const action = actionNumbers.get(rule.action);
  if (action === undefined) throw new RangeError(`rules with action ${rule.action} are not ours to make`);
  const table = rule.action === "lookup" && rule.table < 256 ? inRange("table", rule.table, 255) : 0;
  return formatRule({ family: familyToKernel[rule.family], srcLen, dstLen, table, action });
}

function conditions(rule: Rule): Part[] {
  const parts: Part[] = [];
  const { inputInterface, outputInterface, mark, markMask, suppressPrefixLength, gotoPriority } = rule;
  if (inputInterface !== undefined) parts.push(text(attribute.inputInterface, "inputInterface", inputInterface));
  if (outputInterface !== undefined) parts.push(text(attribute.outputInterface, "outputInterface", outputInterface));
  if (mark !== undefined) parts.push(u32(attribute.mark, "mark", mark));
  if (markMask !== undefined) parts.push(u32(attribute.markMask, "markMask", markMask));
  if (gotoPriority !== undefined) parts.push(u32(attribute.goto, "gotoPriority", gotoPriority));
  if (suppressPrefixLength !== undefined) {
    parts.push(u32(attribute.suppressPrefixLength, "suppressPrefixLength", suppressPrefixLength));
  }
  return parts;
}

function block(family: Family, cidr: string | undefined) {
  if (cidr === undefined) return undefined;
  const parsed = parseCidr(cidr);
  if (parsed.family !== family) throw new RangeError(`"${cidr}" is not an IPv${family} block`);
  // A block of length 0 is everything, which a rule says by leaving it out.
  return parsed.prefixLength === 0 ? undefined : parsed;
}
