import type { Cancel, Clock } from "../base/clock.ts";
import type { KernelError, KernelRequest, Rtnl } from "../rtnl/rtnl.ts";

/** This many links are set up or down at once within a window; a dock brings two or three. */
const immediateRequests = 16;
const windowMs = 100;
/** Further requests wait until none has come for this long, and at most for a whole window. */
const pauseMs = 10;

interface Waiting {
  readonly request: KernelRequest;
  readonly settle: (error: KernelError | undefined) => void;
}

/**
 * Sets links up and down in the kernel. A few at once; when they come by the hundred they wait for the burst to end and
 * then go in one batch: a program that makes a thousand links holds the kernel's lock, and asking for it between each
 * two of them costs five times as much as asking once.
 */
export class LinkSwitch {
  #waiting: Waiting[] = [];
  #cancel: Cancel | undefined;
  #windowEndsAt = 0;
  #inWindow = 0;

  constructor(
    private readonly rtnl: Rtnl,
    private readonly clock: Clock,
  ) {}

  /** Resolves when the kernel has done it; rejects with KernelError. */
  set(link: number, isUp: boolean): Promise<void> {
    const request: KernelRequest = { op: "set-link", link, change: { isUp } };
    if (this.#isCalm()) return this.rtnl.request(request);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ request, settle: (error) => (error ? reject(error) : resolve()) });
      this.#restart();
    });
  }

  #isCalm(): boolean {
    const now = this.clock.now();
    if (now >= this.#windowEndsAt) {
      this.#windowEndsAt = now + windowMs;
      this.#inWindow = 0;
    }
    return ++this.#inWindow <= immediateRequests;
  }
  #restart(): void {
    this.#cancel?.();
    const wait = Math.max(0, Math.min(pauseMs, this.#windowEndsAt - this.clock.now()));
    this.#cancel = this.clock.startTimer("link-switch", wait, () => void this.#flush());
  }
  async #flush(): Promise<void> {
    const batch = this.#waiting;
    this.#waiting = [];
    const errors = await this.rtnl.batch(batch.map(({ request }) => request));
    for (const [at, { settle }] of batch.entries()) settle(errors[at]);
  }
}
