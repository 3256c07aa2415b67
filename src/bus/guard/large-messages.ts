import type { Clock } from "../../base/clock.ts";
import type { Credentials } from "../bus.ts";

const mebibyte = 1024 * 1024;

/** Bytes of large messages. */
export interface LargeLimits {
  /** Bytes that one user may send at once: two Profiles of ten thousand networks, as text. */
  readonly burstBytes: number;
  readonly bytesPerSecond: number;
}

const defaultLargeLimits: LargeLimits = { burstBytes: 16 * mebibyte, bytesPerSecond: mebibyte };

/** No client has paths and names longer than this. */
const mostHeaderBytes = 2 * mebibyte;
/** Users that are counted; more than a machine has at work. */
const mostUsers = 256;

export interface LargeHost {
  knownUid(sender: string): number | undefined;
  credentialsOf(sender: string): Promise<Credentials>;
}

interface Account {
  bytes: number;
  /** Time of the last deduction of the allowed rate, in milliseconds of the clock. */
  countedTo: number;
}

/**
 * Decides which large messages are worth their memory. To gather and decode one takes us as long as it takes the bus to
 * pass it on, so a client that sends nothing else would fill our queue in the bus, and no other client's call would
 * fit. To read over bytes that a user sends beyond this rate costs a sixth of it.
 *
 * Root is not bound. Connections whose user the bus has not told yet share one account meanwhile.
 */
export class LargeMessages {
  readonly #accounts = new Map<number | undefined, Account>();

  constructor(
    private readonly host: LargeHost,
    private readonly clock: Pick<Clock, "now">,
    private readonly limits: LargeLimits = defaultLargeLimits,
  ) {}

  /** Whether one of `bytes` from `sender` is to be kept; it counts then. */
  admits(sender: string, bytes: number): boolean {
    const uid = this.host.knownUid(sender);
    if (uid === undefined) return this.#admitsStranger(sender, bytes);
    return uid === 0 || this.#admitsTo(this.#account(uid), bytes);
  }
  /** The same for a header, which alone names the sender. */
  admitsHeader(bytes: number): boolean {
    return bytes <= mostHeaderBytes && this.#admitsTo(this.#account(undefined), bytes);
  }

  /** Once the bus has told the sender's user, it counts there. */
  #admitsStranger(sender: string, bytes: number): boolean {
    const isAdmitted = this.#admitsTo(this.#account(undefined), bytes);
    const settle = (uid: number) => {
      if (!isAdmitted) return;
      this.#charge(undefined, -bytes);
      if (uid !== 0) this.#charge(uid, bytes);
    };
    // Of one that has left nothing needs to be known.
    this.host.credentialsOf(sender).then(
      ({ uid }) => settle(uid),
      () => {},
    );
    return isAdmitted;
  }
  #charge(uid: number | undefined, bytes: number): void {
    const account = this.#account(uid);
    account.bytes = Math.max(0, account.bytes + bytes);
  }
  #admitsTo(account: Account, bytes: number): boolean {
    if (account.bytes + bytes > this.limits.burstBytes) return false;
    account.bytes += bytes;
    return true;
  }
  #account(uid: number | undefined): Account {
    const now = this.clock.now();
    const account = this.#accounts.get(uid) ?? this.#open(uid, now);
    const gone = ((now - account.countedTo) / 1000) * this.limits.bytesPerSecond;
    account.bytes = Math.max(0, account.bytes - gone);
    account.countedTo = now;
    return account;
  }
  #open(uid: number | undefined, now: number): Account {
    const [oldest] = this.#accounts.keys();
    if (this.#accounts.size >= mostUsers) this.#accounts.delete(oldest);
    const account = { bytes: 0, countedTo: now };
    this.#accounts.set(uid, account);
    return account;
  }
}
