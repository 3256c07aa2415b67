import { setTimeout as pause } from "node:timers/promises";

/** Time between two looks. Small against the awaited event, large against the cost of one look. */
const pollMs = 5;
/** A look that is dear is had less often, lest it hold up the awaited event; this bounds the pause. */
const longestPauseMs = 1000;

/** Every awaited event comes within this, also on a machine that has several times as much to do as it can. */
export const patienceMs = 15_000;

/** All limits are so many times longer. Where processors are emulated, the environment says so. */
export const patience = Number(process.env.FAIRLEAD_PATIENCE ?? "1");

type Truthy<T> = Exclude<T, false | 0 | "" | null | undefined>;

/**
 * Waits until `condition` gives something truthy and returns it. Fails after `limitMs` milliseconds with `what` (a
 * claim such as "eth0 has an address") and the last thing the condition gave or threw.
 */
export async function until<T>(
  what: string,
  condition: () => T | Promise<T>,
  limitMs = patienceMs,
): Promise<Truthy<T>> {
  const endsAt = performance.now() + limitMs * patience;
  for (;;) {
    let last: string;
    const lookedAt = performance.now();
    try {
      const value = await condition();
      if (value) return value as Truthy<T>;
      last = `last seen: ${JSON.stringify(value) ?? "undefined"}`;
    } catch (error) {
      last = `last error: ${error instanceof Error ? error.message : String(error)}`;
    }
    const now = performance.now();
    if (now >= endsAt) throw new Error(`waited ${limitMs * patience} ms in vain until ${what}; ${last}`);
    await pause(Math.min(Math.max(pollMs, 2 * (now - lookedAt)), longestPauseMs));
  }
}

/** Settles as `promise` does, but fails with `what` after `limitMs` milliseconds. */
export async function within<T>(what: string, promise: Promise<T>, limitMs = patienceMs): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new Error(`waited ${limitMs * patience} ms in vain for ${what}`)),
      limitMs * patience,
    );
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
