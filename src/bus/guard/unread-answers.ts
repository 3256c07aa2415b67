import type { Clock } from "../../base/clock.ts";
import type { Credentials } from "../bus.ts";

export interface UnreadLimits {
  /** Answers to one connection, in bytes, after which it is asked whether it reads. */
  readonly askBytes: number;
  /** Unread bytes of all, beyond which users with more than their share are refused. */
  readonly refuseBytes: number;
  /** Bytes that one user may leave unread even then: some programs answer no Ping. */
  readonly shareBytes: number;
  /** Beyond, they are not even refused. */
  readonly silentBytes: number;
  /** Bytes in a second that are taken as read without a sign. */
  readonly forgivenPerSecond: number;
}

const mebibyte = 1024 * 1024;

/** dbus-daemon reads no more of a client of which 127 MiB wait for others (max_incoming_bytes, unless configured). */
const defaultUnreadLimits: UnreadLimits = {
  askBytes: mebibyte,
  refuseBytes: 64 * mebibyte,
  shareBytes: 16 * mebibyte,
  silentBytes: 96 * mebibyte,
  forgivenPerSecond: 65_536,
};
/** Unanswered Pings; the bus lets us have 128 unanswered calls in all. */
const mostAsked = 16;
const mostCreditSeconds = 60;
const mostAskedOfUser = 4;
/** Connections that answers are counted for. */
const mostSenders = 1024;

export interface UnreadHost {
  /**
   * Calls back when the connection has answered, or is gone: the messages before are read, or never will be. Also where
   * the bus lets us ask no client (docs/install/org.chromium.flimflam.conf does): then nothing is known, and no client
   * refused.
   */
  ping(sender: string, isRead: () => void): void;
  knownUid(sender: string): number | undefined;
  credentialsOf(sender: string): Promise<Credentials>;
}

export type Tolerance = "answer" | "refuse" | "ignore";

interface Unread {
  bytes: number;
  isAsked: boolean;
}

/**
 * Answers that lie in the bus because a client does not read them. They count as ours there, so that a deaf client
 * could make the bus cease to read us. A client with many unread bytes is asked by a Ping, which it answers only after
 * it has read them; users that do not answer are refused once too much is unread, and no others are.
 */
export class UnreadAnswers {
  readonly #bySender = new Map<string, Unread>();
  readonly #asked = new Set<string>();
  #total = 0;
  /** Bytes that may be taken as read; unused credit is kept for a while. */
  #credit = 0;
  #forgivenAt: number;

  constructor(
    private readonly host: UnreadHost,
    private readonly clock: Pick<Clock, "now">,
    private readonly limits: UnreadLimits = defaultUnreadLimits,
  ) {
    this.#forgivenAt = clock.now();
  }

  get totalBytes(): number {
    return this.#total;
  }
  sent(sender: string, bytes: number): void {
    const unread = this.#bySender.get(sender) ?? this.#add(sender);
    this.#count(unread, bytes);
    this.#forgive(unread);
    if (unread.bytes > this.limits.askBytes) this.#ask(sender, unread);
  }
  /** Treatment of a call. Root is not bound. */
  toleranceOf(sender: string): Tolerance {
    const { refuseBytes, silentBytes } = this.limits;
    if (this.#total <= refuseBytes) return "answer";
    const unread = this.#bySender.get(sender);
    if (unread) this.#forgive(unread);
    if (this.#total <= refuseBytes || !this.#isSuspect(sender, unread)) return "answer";
    return this.#total > silentBytes ? "ignore" : "refuse";
  }

  #isSuspect(sender: string, unread: Unread | undefined): boolean {
    const uid = this.host.knownUid(sender);
    if (uid === 0) return false;
    if (uid !== undefined) return this.#ofUser(uid) > this.limits.shareBytes;
    this.#learnUser(sender);
    return unread !== undefined && unread.bytes > this.limits.askBytes;
  }
  #ofUser(uid: number): number {
    let bytes = 0;
    for (const [sender, unread] of this.#bySender) if (this.host.knownUid(sender) === uid) bytes += unread.bytes;
    return bytes;
  }
  #learnUser(sender: string): void {
    // Of one that has left nothing needs to be known.
    this.host.credentialsOf(sender).catch(() => {});
  }
  #forgive(unread: Unread): void {
    const now = this.clock.now();
    const { forgivenPerSecond } = this.limits;
    const more = ((now - this.#forgivenAt) / 1000) * forgivenPerSecond;
    this.#forgivenAt = now;
    this.#credit = Math.min(this.#credit + more, mostCreditSeconds * forgivenPerSecond);
    const used = Math.min(this.#credit, unread.bytes);
    this.#credit -= used;
    this.#count(unread, -used);
  }
  #add(sender: string): Unread {
    const [oldest] = this.#bySender.keys();
    if (oldest !== undefined && this.#bySender.size >= mostSenders) this.#forget(oldest);
    const unread = { bytes: 0, isAsked: false };
    this.#bySender.set(sender, unread);
    return unread;
  }
  #forget(sender: string): void {
    this.#total -= this.#bySender.get(sender)?.bytes ?? 0;
    this.#bySender.delete(sender);
  }
  #count(unread: Unread, more: number): void {
    const bytes = Math.max(0, unread.bytes + more);
    this.#total += bytes - unread.bytes;
    unread.bytes = bytes;
  }
  #ask(sender: string, unread: Unread): void {
    if (unread.isAsked || !this.#mayAsk(sender)) return;
    unread.isAsked = true;
    this.#asked.add(sender);
    this.#learnUser(sender);
    const { bytes } = unread;
    this.host.ping(sender, () => {
      this.#asked.delete(sender);
      unread.isAsked = false;
      if (this.#bySender.get(sender) !== unread) return;
      this.#count(unread, -bytes);
      if (unread.bytes === 0) this.#bySender.delete(sender);
    });
  }
  /** A user with many deaf connections leaves questions for the others. */
  #mayAsk(sender: string): boolean {
    if (this.#asked.size >= mostAsked) return false;
    const uid = this.host.knownUid(sender);
    return [...this.#asked].filter((asked) => this.host.knownUid(asked) === uid).length < mostAskedOfUser;
  }
}
