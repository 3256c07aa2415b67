/** Bytes as the kernel counts them on a link since it appeared. */
export interface LinkTraffic {
  readonly rxBytes: bigint;
  readonly txBytes: bigint;
}

const noTraffic: LinkTraffic = { rxBytes: 0n, txBytes: 0n };

/**
 * Traffic of a Service. The kernel counts for the link from its first moment on, so the difference to the start of the
 * Service on the link counts. Nothing is read between: the sum is brought up to date when a client asks, and when the
 * Service leaves the link.
 */
export class TrafficCounters {
  /** Since the last reset. */
  total: LinkTraffic = noTraffic;
  #countedTo: LinkTraffic | undefined;

  /** `now` undefined: the Service is on no link, or the link is gone and took its counters along. */
  count(now: LinkTraffic | undefined): void {
    if (now && this.#countedTo) {
      this.total = {
        rxBytes: this.total.rxBytes + growth(this.#countedTo.rxBytes, now.rxBytes),
        txBytes: this.total.txBytes + growth(this.#countedTo.txBytes, now.txBytes),
      };
    }
    this.#countedTo = now;
  }
  reset(): void {
    this.total = noTraffic;
  }
}

/** A counter that is smaller than before began anew: it is another link of that name. */
const growth = (before: bigint, now: bigint): bigint => (now >= before ? now - before : now);
