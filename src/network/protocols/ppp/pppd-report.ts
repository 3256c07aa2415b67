/**
 * Facts of a session in the output of pppd(8): the lines of its log, which it prints when it does not detach, and its
 * exit code. Pure. Part of a line may come from the other end: a line is believed only as far as the other end could
 * have its way anyway.
 */
import { parseIpv4 } from "../../../base/ipv4.ts";
import type { ProcessEnd } from "../../../system/processes.ts";
import { pppdProgram } from "./pppd-options.ts";

/** Immutable; {@link withLine} makes the next one. */
export interface PppdReport {
  /** The kernel's link of the session, as pppd names it. */
  readonly linkName?: string;
  /** The addresses are in place. */
  readonly localAddress?: string;
  readonly nameServers: readonly string[];
  /** The newest line that names a fault. */
  readonly trouble?: PppdTrouble;
  /** The last line that pppd printed; it names a fault in its options. */
  readonly lastLine: string;
}
export const emptyReport: PppdReport = { nameServers: [], lastLine: "" };

export type PppdTrouble =
  | "authentication-refused"
  | "peer-silent"
  | "no-concentrator"
  | "concentrator-refuses"
  | "ended-by-peer"
  | "negotiation-failed"
  | "kernel-without-ppp"
  | "not-root";

const isIpv4 = (text: string): boolean => parseIpv4(text) !== undefined;

const longestLine = 200;
/** IPCP carries two (RFC 1877). */
const mostNameServers = 2;

const troubles: readonly (readonly [RegExp, PppdTrouble])[] = [
  [/^(?:PAP|CHAP|EAP|MS-CHAP|MS-CHAPv2) authentication failed/, "authentication-refused"],
  [/^No response to \d+ echo-requests$/, "peer-silent"],
  [/^Timeout waiting for PADO packets$/, "no-concentrator"],
  [/^PAD[OS]: (?:Service-Name|System|Generic)-Error/, "concentrator-refuses"],
  [/^Timeout waiting for PADS packets$/, "concentrator-refuses"],
  [/^LCP terminated by peer/, "ended-by-peer"],
];

export function withLine(report: PppdReport, line: string): PppdReport {
  const next = { ...report, lastLine: line.slice(0, longestLine) };
  const [, linkName] = /^Using interface (ppp\d{1,9})$/.exec(line) ?? [];
  if (linkName !== undefined) return { ...next, linkName };
  const [, localAddress = ""] = /^local {2}IP address (\S+)$/.exec(line) ?? [];
  if (isIpv4(localAddress)) return { ...next, localAddress };
  const [, server = ""] = /^(?:primary {3}|secondary )DNS address (\S+)$/.exec(line) ?? [];
  if (isIpv4(server)) {
    return { ...next, nameServers: [...new Set([...report.nameServers, server])].slice(0, mostNameServers) };
  }
  const trouble = troubles.find(([pattern]) => pattern.test(line))?.[1];
  return trouble === undefined ? next : { ...next, trouble };
}

/** Of pppd(8), EXIT STATUS; where a line has said more, that counts. */
const troubleOfCode: ReadonlyMap<number, PppdTrouble> = new Map([
  [3, "not-root"],
  [4, "kernel-without-ppp"],
  [10, "negotiation-failed"],
  [15, "peer-silent"],
  [16, "ended-by-peer"],
  [19, "authentication-refused"],
]);

const sentences: Readonly<Record<PppdTrouble, string>> = {
  "authentication-refused": "the access concentrator refuses the user name or the password",
  "peer-silent": "the access concentrator does not answer LCP echo requests any more",
  "no-concentrator": "no access concentrator answers on the link",
  "concentrator-refuses": "the access concentrator opens no session",
  "ended-by-peer": "the access concentrator has ended the session",
  "negotiation-failed": "the two ends do not agree on the options of the session",
  "kernel-without-ppp": "this kernel has no PPP",
  "not-root": "pppd has to run as root",
};

export interface SessionEnd {
  readonly trouble: PppdTrouble | undefined;
  /** One sentence for people, without its full stop. */
  readonly because: string;
}

/** Why the session is over. */
export function describeEnd(end: ProcessEnd, { trouble: seen, lastLine }: PppdReport): SessionEnd {
  if (end.kind === "not-started") return notStarted(end.code, end.message);
  if (end.because === "stop") return { trouble: undefined, because: "pppd was stopped" };
  if (end.kind === "killed") return { trouble: seen, because: `pppd was killed (${end.signal})` };
  if (end.code === shellFoundNothing) return { trouble: undefined, because: notInstalled };
  const trouble = seen ?? troubleOfCode.get(end.code);
  const because = trouble === undefined ? `pppd ended with ${end.code}: ${lastLine}` : sentences[trouble];
  return { trouble, because };
}

const notInstalled = "pppd is not installed (Debian's package ppp)";
/** Exit code of a shell that was to become a program which is not there; none of pppd's. */
const shellFoundNothing = 127;

function notStarted(code: string, message: string): SessionEnd {
  // The missing file may be the helper's socket; the message names it.
  if (code === "ENOENT" && message.includes(pppdProgram)) return { trouble: undefined, because: notInstalled };
  const isForbidden = code === "EACCES" || code === "EPERM";
  return { trouble: isForbidden ? "not-root" : undefined, because: `pppd could not be started: ${message}` };
}
