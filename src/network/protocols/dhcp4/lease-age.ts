import type { Address } from "../../../rtnl/rtnl.ts";
import type { HeldAddress } from "./config.ts";
import type { DhcpLease } from "./lease.ts";

/** One moment by all clocks. */
export interface Moment {
  readonly wallMs: number;
  /** Milliseconds since boot, suspend included. */
  readonly bootMs: number;
  /** Of the kernel that runs now; undefined: not known. */
  readonly bootId: string | undefined;
}

export interface LeaseAge {
  readonly elapsedMs: number;
  readonly by: "kernel" | "boot-clock" | "wall-clock";
}

/** Clocks are set right after boot; one that runs further ahead or behind says nothing about the age of a lease. */
const clockToleranceMs = 60_000;

/**
 * How long ago the lease was granted. Of kernel and boot clock the younger age counts: the kernel was told of each
 * renewal, also where the store could not be written, and its count may be an old one. The wall clock is asked only
 * where neither knows, because a board without a battery sets it by days after boot. Undefined: granted in the future.
 */
export function ageOfLease(lease: DhcpLease, now: Moment, held: readonly HeldAddress[]): LeaseAge | undefined {
  const [byKernel, byBoot] = [ageByKernel(lease, held), ageByBoot(lease, now)];
  if (byKernel !== undefined && byKernel <= (byBoot ?? byKernel)) return { elapsedMs: byKernel, by: "kernel" };
  if (byBoot !== undefined) return { elapsedMs: byBoot, by: "boot-clock" };
  const elapsedMs = now.wallMs - lease.grantedAtMs;
  return elapsedMs < -clockToleranceMs ? undefined : { elapsedMs: Math.max(0, elapsedMs), by: "wall-clock" };
}

function ageByBoot({ boot }: DhcpLease, now: Moment): number | undefined {
  if (boot === undefined || boot.id !== now.bootId || boot.grantedAtMs > now.bootMs) return undefined;
  return now.bootMs - boot.grantedAtMs;
}

function ageByKernel({ settings, leaseSeconds }: DhcpLease, held: readonly HeldAddress[]): number | undefined {
  const { address, prefixLength } = settings.ipv4;
  const own = held.find((other) => other.address === address && other.prefixLength === prefixLength);
  if (leaseSeconds === undefined || own?.remainingSeconds === undefined) return undefined;
  return Math.max(0, leaseSeconds - own.remainingSeconds) * 1000;
}

/** `toldAgoMs`: since when the kernel told of these addresses at the latest; it does not tell of time passing by. */
export const heldAddresses = (addresses: readonly Address[], toldAgoMs: number): readonly HeldAddress[] =>
  addresses.map(({ address, prefixLength, validSeconds }) => ({
    ...{ address, prefixLength },
    ...(validSeconds !== undefined && { remainingSeconds: Math.max(0, validSeconds - toldAgoMs / 1000) }),
  }));
