import { DaemonError } from "./errors.ts";

/**
 * Work of one user at a time, in the order in which it came. Of more than a few it is said that it has to come later.
 */
export class OneAtATime {
  readonly #lines = new Map<number, { last: Promise<unknown>; length: number }>();

  /** `mostWaiting`: beside the one that is under way. */
  constructor(private readonly mostWaiting: number) {}

  /** Rejects with DaemonError InProgress, or as `work` does. */
  async run<R>(uid: number, work: () => Promise<R>): Promise<R> {
    const line = this.#lines.get(uid) ?? { last: Promise.resolve(), length: 0 };
    if (line.length > this.mostWaiting) {
      throw new DaemonError(
        "InProgress",
        `${line.length} of your calls of this kind are under way; wait for their answers`,
      );
    }
    this.#lines.set(uid, line);
    line.length++;
    const result = line.last.then(work);
    line.last = result.catch(() => {});
    try {
      return await result;
    } finally {
      if (--line.length === 0) this.#lines.delete(uid);
    }
  }
}
