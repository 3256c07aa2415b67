/** Milliseconds between 1601-01-01, where shill's clients count from, and 1970-01-01. */
const epochDifferenceMs = 11_644_473_600_000n;

/** Wall time (milliseconds since 1970) as the bus shows it; 0 there means never. */
export const timeSince1601 = (wallTimeMs: number): bigint => BigInt(Math.trunc(wallTimeMs)) + epochDifferenceMs;
