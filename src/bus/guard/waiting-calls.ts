import type { Cancel } from "../../base/clock.ts";
import { BusError, type Credentials } from "../bus.ts";
import { standardError } from "../wire/names.ts";

export interface WaitingLimits {
  readonly perConnection: number;
  /**
   * Of all connections of one user together. Root is not bound: it has better means, and much of the machine calls as
   * root.
   */
  readonly perUser: number;
}

interface Waiting {
  count: number;
  /** Undefined until the bus has told. */
  uid: number | undefined;
}

/**
 * Counts the calls that wait for their answer, so that a client that calls without end does not take the daemon from
 * others. The user of a connection is known one round trip to the bus after the first call that waits; until then only
 * its own bound holds.
 */
export class WaitingCalls {
  readonly #bySender = new Map<string, Waiting>();
  readonly #byUser = new Map<number, number>();

  constructor(
    private readonly limits: WaitingLimits,
    private readonly credentialsOf: (sender: string) => Promise<Credentials>,
  ) {}

  get total(): number {
    let total = 0;
    for (const { count } of this.#bySender.values()) total += count;
    return total;
  }

  /** Throws BusError LimitsExceeded when one more would be too many. */
  check(sender: string): void {
    const waiting = this.#bySender.get(sender);
    if (!waiting) return;
    const { perConnection, perUser } = this.limits;
    if (waiting.count >= perConnection) throw tooMany(perConnection, "connection");
    if (waiting.uid && this.#ofUser(waiting.uid) >= perUser) throw tooMany(perUser, "user");
  }

  /** Returns "answered": ends the count of this call. */
  begin(sender: string): Cancel {
    const waiting = this.#bySender.get(sender) ?? this.#add(sender);
    this.#count(waiting, 1);
    return () => {
      this.#count(waiting, -1);
      if (waiting.count === 0) this.#bySender.delete(sender);
    };
  }

  #add(sender: string): Waiting {
    const waiting: Waiting = { count: 0, uid: undefined };
    this.#bySender.set(sender, waiting);
    this.credentialsOf(sender).then(
      ({ uid }) => {
        waiting.uid = uid;
        this.#addToUser(uid, waiting.count);
      },
      // The client left, or the bus did: no more calls come from it.
      () => {},
    );
    return waiting;
  }
  #count(waiting: Waiting, more: 1 | -1): void {
    waiting.count += more;
    if (waiting.uid !== undefined) this.#addToUser(waiting.uid, more);
  }
  #ofUser(uid: number): number {
    return this.#byUser.get(uid) ?? 0;
  }
  #addToUser(uid: number, more: number): void {
    const count = this.#ofUser(uid) + more;
    if (count > 0) this.#byUser.set(uid, count);
    else this.#byUser.delete(uid);
  }
}

const tooMany = (count: number, whose: "connection" | "user"): BusError =>
  new BusError(standardError("LimitsExceeded"), `${count} calls of this ${whose} wait for their answer`);
