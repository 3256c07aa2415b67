/** When to send again, renew, rebind and stop. Pure: randomness comes in as a number from 0 (inclusive) to 1. */

/** RFC 2131, 3.3. */
export const infiniteLease = 0xffffffff;
/** A lease that ends sooner would make the link flap and the server busy; shorter grants are taken as this long. */
const shortestLeaseSeconds = 20;
/** For servers that forget option 51, though they must send it (RFC 2131, table 3). */
const assumedLeaseSeconds = 3600;
/** RFC 2131, 4.4.5. */
const renewShare = 0.5;
const rebindShare = 0.875;
const renewSpread = 0.01;

export interface LeaseTimes {
  /** All in seconds from when the request was sent, ascending; undefined: a lease without end, never renewed. */
  readonly leaseSeconds: number | undefined;
  readonly renewSeconds: number | undefined;
  readonly rebindSeconds: number | undefined;
}

/**
 * Makes 0 < T1 < T2 < lease of the server's times; times that break this order are replaced by the defaults. T1 comes
 * up to a hundredth earlier, so that hosts that were switched on together do not renew together (RFC 2131, 4.4.5).
 */
export function leaseTimes(
  lease: number | undefined,
  renew: number | undefined,
  rebind: number | undefined,
  random = 0,
): LeaseTimes {
  if (lease === infiniteLease) return { leaseSeconds: undefined, renewSeconds: undefined, rebindSeconds: undefined };
  const leaseSeconds = Math.max(lease ?? assumedLeaseSeconds, shortestLeaseSeconds);
  const rebindSeconds = rebind && rebind < leaseSeconds ? rebind : leaseSeconds * rebindShare;
  const isRenewUsable = renew !== undefined && renew > 0 && renew < rebindSeconds;
  const byDefault = Math.min(leaseSeconds * renewShare, rebindSeconds * (renewShare / rebindShare));
  const renewSeconds = (isRenewUsable ? renew : byDefault) * (1 - random * renewSpread);
  return { leaseSeconds, renewSeconds, rebindSeconds };
}

const jitterMs = (random: number) => (random * 2 - 1) * 1000;

/**
 * 4, 8, 16, 32, 64, 64 ... seconds, one second of jitter either way (RFC 2131, 4.1): a whole office powers up at once.
 * `sent`: from 1.
 */
export const resendDelayMs = (sent: number, random: number): number =>
  1000 * 2 ** Math.min(sent + 1, 6) + jitterMs(random);

/** How long a DISCOVER for a lease in use, or about to be, is repeated at the pace of {@link seekDelayMs}. */
const earlyDiscovers = 16;
const earlySeekSeconds = 9;
const rarestSeekSeconds = 63;
/**
 * For a client that knows an address which no server has confirmed: 4, 8, 9, 9 ... seconds for more than two minutes,
 * then 18, 36, 63, 63 ..., one second of jitter either way. Switch ports without portfast forward after 30 s or later,
 * and an address of another network must not stay in use for longer than a person waits.
 */
export const seekDelayMs = (sent: number, random: number): number => {
  const late = Math.min(earlySeekSeconds * 2 ** Math.max(0, sent - earlyDiscovers), rarestSeekSeconds);
  return 1000 * Math.min(2 ** (sent + 1), late) + jitterMs(random);
};

/** Servers probe an address before they offer it, some for three seconds. */
export const betterOfferWaitMs = 3500;

/**
 * A remembered address is asked for twice, 1 s and then 2 s apart, a quarter of jitter either way: servers of another
 * network need not answer at all, and a person is waiting.
 */
export const rebootDelayMs = (sent: number, random: number): number => 1000 * sent * (0.75 + random * 0.5);

/** Half of the remaining time, at least a minute (RFC 2131, 4.4.5). */
export const renewDelayMs = (remainingMs: number): number => Math.max(60_000, remainingMs / 2);

/**
 * How long to wait before INIT may send again. A first NAK is answered at once; servers that go on refusing their own
 * offers are asked ever more rarely.
 */
export const refusedDelayMs = (refusals: number): number =>
  refusals <= 1 ? 0 : Math.min(1000 * 2 ** (refusals - 2), 60_000);

/**
 * At least ten seconds after a DECLINE (RFC 2131, 3.1 point 5), then doubling to RFC 5227's limit of one try a minute
 * (2.1.1).
 */
export const declinedDelayMs = (declines: number): number => Math.min(10_000 * 2 ** (declines - 1), 60_000);

/** RFC 8925, 3.2: never shorter than five minutes. */
export const ipv6OnlyWaitMs = (seconds: number): number => Math.max(seconds, 300) * 1000;
