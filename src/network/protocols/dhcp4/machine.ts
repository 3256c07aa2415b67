/**
 * The client's states (RFC 2131, figure 5) as a table. The table decides and does nothing else; `client.ts` carries the
 * actions out.
 *
 * `init` and `init-reboot` are left as soon as the back-off allows to send. `checking` is the wait for RFC 5227 probes
 * in the mode `before-use`. A lease may stay in use while it is being verified (`init-reboot` to `requesting`), which
 * is why expiry and conflicts are heard in those states too.
 */
export const dhcp4States = [
  "stopped",
  "init",
  "selecting",
  "requesting",
  "init-reboot",
  "rebooting",
  "checking",
  "bound",
  "renewing",
  "rebinding",
] as const;
export type Dhcp4State = (typeof dhcp4States)[number];

export const dhcp4Inputs = [
  /** Acquire; `start-known`: an unexpired lease is remembered. */
  "start",
  "start-known",
  /** The back-off, if any, is over. */
  "begin",
  "offer",
  /** Of a server that offered before and then did not confirm. */
  "doubtful-offer",
  "ack",
  /** An answer that gives an address which must be probed before use. */
  "ack-to-check",
  "nak",
  /** RFC 8925: the network asks us to do without IPv4. */
  "ipv6-only",
  "resend",
  /** Sent as often as makes sense in this state. */
  "exhausted",
  "free",
  "conflict",
  "renew-due",
  "rebind-due",
  "expired",
  /** The owner wants the lease confirmed now. */
  "verify",
  "stop",
] as const;
export type Dhcp4Input = (typeof dhcp4Inputs)[number];

export type Dhcp4Action =
  | "new-exchange"
  | "send-discover"
  | "send-request"
  | "send-reboot"
  | "send-renew"
  | "send-rebind"
  /** The new lease is in force from now on. */
  | "take-lease"
  /** Probe the address of the new lease before it is used. */
  | "check-address"
  /** Tell the owner the settings of the lease. */
  | "deliver"
  | "decline"
  | "count-refusal"
  /** The server that offered has not confirmed: others are preferred from now on. */
  | "distrust-server"
  /** Keep the offer; it counts as `offer` unless a better one comes soon. */
  | "wait-for-better-offer"
  /** The lease, in use or remembered, is no more. */
  | "void-lease"
  /** `begin` as soon as the back-off allows, which is at once if there is none. */
  | "schedule-begin"
  /** As `schedule-begin` while acquiring; but if a lease was in use, tell the owner that it is lost, and stop. */
  | "restart"
  | "give-way-to-ipv6"
  /** Look at once where in its life the lease is. */
  | "check-lease";

export interface Step {
  readonly state: Dhcp4State;
  readonly actions: readonly Dhcp4Action[];
}
type Row = Partial<Record<Dhcp4Input, Step>>;

const go = (state: Dhcp4State, ...actions: Dhcp4Action[]): Step => ({ state, actions });

const stop: Row = { stop: go("stopped") };
const acquired: Row = {
  ack: go("bound", "take-lease", "deliver"),
  "ack-to-check": go("checking", "take-lease", "check-address"),
  "ipv6-only": go("stopped", "void-lease", "give-way-to-ipv6"),
};
/** Inputs that end a lease in use, in every state. */
const ends: Row = {
  expired: go("init", "void-lease", "restart"),
  conflict: go("init", "decline", "void-lease", "restart"),
};
/** The address we named is not ours here. */
const refused: Row = { nak: go("init", "void-lease", "count-refusal", "restart") };
const verify: Row = { verify: go("init-reboot", "schedule-begin") };
/**
 * A lease in use that no server has confirmed yet: the asking goes on, and a hint that the network changed begins it
 * anew.
 */
const verifying: Row = { ...stop, ...ends, ...verify };

/** Row: where we are. Entry: input -> the next state and the actions. No entry: ignored on purpose. */
const dhcp4Table: Readonly<Record<Dhcp4State, Row>> = {
  stopped: {
    start: go("init", "schedule-begin"),
    "start-known": go("init-reboot", "schedule-begin"),
  },
  init: { ...verifying, begin: go("selecting", "new-exchange", "send-discover") },
  selecting: {
    ...verifying,
    ...acquired, // only with rapid commit (RFC 4039)
    offer: go("requesting", "send-request"),
    "doubtful-offer": go("selecting", "wait-for-better-offer"),
    resend: go("selecting", "send-discover"),
  },
  requesting: {
    ...verifying,
    ...acquired,
    // The server refuses its own offer; that says nothing about a lease in use.
    nak: go("init", "distrust-server", "count-refusal", "schedule-begin"),
    resend: go("requesting", "send-request"),
    // Counted like a refusal, or this would go on for ever at the pace of an exchange.
    exhausted: go("init", "distrust-server", "count-refusal", "schedule-begin"),
  },
  "init-reboot": { ...verifying, begin: go("rebooting", "new-exchange", "send-reboot") },
  rebooting: {
    ...verifying,
    ...acquired,
    ...refused,
    resend: go("rebooting", "send-reboot"),
    exhausted: go("init", "schedule-begin"),
  },
  checking: { ...stop, ...ends, free: go("bound", "deliver", "check-lease") },
  bound: {
    ...stop,
    ...ends,
    ...verify,
    "renew-due": go("renewing", "new-exchange", "send-renew"),
    "rebind-due": go("rebinding", "new-exchange", "send-rebind"),
  },
  renewing: {
    ...stop,
    ...ends,
    ...verify,
    ...acquired,
    ...refused,
    resend: go("renewing", "send-renew"),
    "rebind-due": go("rebinding", "new-exchange", "send-rebind"),
  },
  rebinding: {
    ...stop,
    ...ends,
    ...verify,
    ...acquired,
    ...refused,
    resend: go("rebinding", "send-rebind"),
  },
};

export const dhcp4Step = (state: Dhcp4State, input: Dhcp4Input): Step | undefined => dhcp4Table[state][input];

/** States in which answers are expected; in all others the socket is not even read. */
export const isAwaitingReply: Readonly<Record<Dhcp4State, boolean>> = {
  stopped: false,
  init: false,
  selecting: true,
  requesting: true,
  "init-reboot": false,
  rebooting: true,
  checking: false,
  bound: false,
  renewing: true,
  rebinding: true,
};
