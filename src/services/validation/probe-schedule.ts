/** When a network is probed again, and by which URL. Pure. */

const firstIntervalMs = 3_000;
const longestIntervalMs = 60_000;

/** From the start of one attempt to the start of the next, `attempt` counted from 1. */
export const intervalAfter = (attempt: number): number =>
  Math.min(firstIntervalMs * 2 ** Math.min(attempt - 1, 10), longestIntervalMs);

/** The first URL, then each fallback, then any of them. `random`: from 0 up to and without 1. */
export function urlOfAttempt(urls: readonly string[], attempt: number, random: () => number): string | undefined {
  return urls[attempt - 1] ?? urls[Math.floor(random() * urls.length)];
}
