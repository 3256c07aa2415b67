import type { LeaseOptions } from "./lease-options.ts";
import type { Dhcp4State } from "./machine.ts";
import type { DhcpMessage, MessageType } from "./message.ts";

/** Why a packet was not taken for an answer to us; counted for the debug dump. */
export type IgnoredBecause =
  | "malformed"
  | "not-a-reply"
  | "other-transaction"
  | "other-client"
  | "unexpected-type"
  | "other-server"
  | "no-server"
  | "unusable";

/** The packet was sent to us by a server; the others may be of other conversations on this link. */
export const isAnswerToUs: ReadonlySet<IgnoredBecause> = new Set(["no-server", "other-server", "unusable"]);

/** Values that an answer must match. */
export interface Expected {
  readonly state: Dhcp4State;
  readonly transactionId: number;
  readonly mac: string;
  /** The one server we are talking to; undefined while any may answer. */
  readonly server: string | undefined;
  /** Whether DISCOVER asked for rapid commit. */
  readonly wantsRapidCommit: boolean;
}

const expectedTypes: Partial<Record<Dhcp4State, readonly MessageType[]>> = {
  selecting: ["offer", "ack"],
  requesting: ["ack", "nak"],
  rebooting: ["ack", "nak"],
  renewing: ["ack", "nak"],
  rebinding: ["ack", "nak"],
};

/** Undefined: it is an answer to us. */
export function whyIgnored(
  reply: DhcpMessage,
  { serverId, isRapidCommit }: LeaseOptions,
  expected: Expected,
): IgnoredBecause | undefined {
  if (reply.op !== "reply") return "not-a-reply";
  if (reply.transactionId !== expected.transactionId) return "other-transaction";
  if (reply.hardwareAddress !== expected.mac) return "other-client";
  if (!expectedTypes[expected.state]?.includes(reply.type)) return "unexpected-type";
  const isRapid = expected.wantsRapidCommit && isRapidCommit;
  if (expected.state === "selecting" && reply.type === "ack" && !isRapid) return "unexpected-type";
  // An answer that neither names its server (RFC 2131, table 3) nor comes from a host could not be answered.
  if (serverId === undefined) return "no-server";
  return expected.server !== undefined && serverId !== expected.server ? "other-server" : undefined;
}

const words: Readonly<Record<IgnoredBecause, string>> = {
  malformed: "damaged",
  "not-a-reply": "no answer",
  "other-transaction": "to another question",
  "other-client": "for another host",
  "unexpected-type": "not of the type that was asked for",
  "other-server": "of another server than the one that was asked",
  "no-server": "of a server without name or address",
  unusable: "unusable",
};

/** Packets that may be for other hosts as well; without a usable answer they are worth a look. */
const mayBeForUs: ReadonlySet<IgnoredBecause> = new Set(["malformed", "unexpected-type"]);

/** Packets that a client has passed over, by reason. */
export class IgnoredPackets {
  readonly #byReason = new Map<IgnoredBecause, { readonly count: number; readonly last: string }>();

  /** `what`: bounded text of ours about the packet. Whether it is the first of its kind. */
  add(because: IgnoredBecause, what: string): boolean {
    const count = (this.#byReason.get(because)?.count ?? 0) + 1;
    this.#byReason.set(because, { count, last: what });
    return count === 1;
  }
  get counts(): { readonly [because: string]: number } {
    return Object.fromEntries([...this.#byReason].map(([because, { count }]) => [because, count]));
  }
  /**
   * "3 unusable (address 0.0.0.0 is not one of a host), 1 damaged (only 8 bytes)"; undefined: no answer to us was
   * ignored.
   */
  get sentence(): string | undefined {
    const ours = [...this.#byReason].filter(([because]) => isAnswerToUs.has(because) || mayBeForUs.has(because));
    const parts = ours.map(([because, { count, last }]) => `${count} ${words[because]} (${last})`);
    return parts.length === 0 ? undefined : parts.join(", ");
  }
}
