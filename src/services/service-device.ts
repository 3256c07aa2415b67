import type { PolicyRefusal } from "./auto-connect.ts";
import type { LinkTraffic } from "./traffic-counters.ts";

/** View of a Service on its Device. */
export interface ServiceDevice {
  /** D-Bus object path. */
  readonly path: string;
  readonly linkName: string;
  /** Another program's default route leads through it. */
  readonly hasForeignWayOut: boolean;
  /** Kilobits per second as last read, 0 unknown. */
  readonly linkSpeedKbps: number;
  /** A driver may take its time to answer. */
  readLinkSpeed(): void;
  /** Undefined: the link is gone. */
  readTraffic(): LinkTraffic | undefined;
}

export type DisconnectReason =
  | "D-Bus RPC"
  /** It was forgotten, or its Profile left the stack. */
  | "no Profile has it any more"
  | "another Service takes the link"
  | "the link is looked at anew"
  | "Stop"
  | "carrier lost"
  | "MAC address changed"
  | "device disabled"
  | "technology disabled"
  | "technology prohibited"
  | "device removed"
  /** The Service's section in the network configuration changed, or is gone. */
  | "configuration changed"
  | "supplicant gone"
  | "modem gone"
  | "another one of its kind connects"
  /** Another program uses the link. */
  | "left alone"
  /** The policy in force prefers another. */
  | PolicyRefusal;
