export interface QueueLimits {
  /** Calls of one user that are kept whole; of further ones only sender and serial are kept, for the refusal. */
  readonly mostCalls: number;
  /** Bytes of them. One call of a user without waiting calls may have any size. */
  readonly mostBytes: number;
  /** Bytes of all users' calls. */
  readonly mostBytesInAll: number;
  /**
   * Calls of one user that wait in all. dbus-daemon lets a user have 256 connections with 128 unanswered calls each.
   */
  readonly mostRefusals: number;
}

const defaultQueueLimits: QueueLimits = {
  mostCalls: 1024,
  mostBytes: 1024 * 1024,
  mostBytesInAll: 32 * 1024 * 1024,
  mostRefusals: 32_768,
};

/** The rest of a call that has had its turn and waited for something else since. */
export interface WaitingWork {
  /** Does not throw. */
  run(): void;
  /** Called instead of {@link run}. */
  refuse(why: Error): void;
}

/** A call that waits for its turn, or one of which there were too many already: that is answered with a refusal. */
export interface Queued {
  readonly sender: string;
  /** Undefined: the caller awaits no answer. */
  readonly serial: number | undefined;
  /** The message, or undefined for a refusal. */
  readonly bytes: Buffer | undefined;
  /** Instead of a message. */
  readonly work?: WaitingWork;
}

interface Line {
  readonly waiting: Queued[];
  /** Of {@link waiting}, how many have had their turn; they are cut off now and then. */
  taken: number;
  calls: number;
  bytes: number;
  /** Cost of this line's answers so far, as {@link CallQueue} counts it. */
  cost: number;
}

/** Cutting off the taken calls costs as much as the rest of the line, so it is done for many at a time. */
const cutAfter = 256;

/**
 * Calls that wait, one line for each user (for each connection while its user is unknown). The line with the cheapest
 * answers so far has the next turn, so that a user who asks for little passes a flooder. A line keeps its order.
 */
export class CallQueue {
  readonly #lines = new Map<string, Line>();
  #size = 0;
  #bytes = 0;
  /** The cost at which the last line was taken: a new line starts there, and makes up for no time of silence. */
  #level = 0;
  constructor(private readonly limits: QueueLimits = defaultQueueLimits) {}

  get size(): number {
    return this.#size;
  }
  lines(): Iterable<string> {
    return this.#lines.keys();
  }
  /** Whether calls of several users wait. */
  get hasSeveralLines(): boolean {
    return this.#lines.size > 1;
  }

  /** Keeps a call, of which `copy` gives the bytes. False: so many wait already that it is not even refused. */
  add(line: string, { sender, serial }: Omit<Queued, "bytes">, length: number, copy: () => Buffer): boolean {
    const to = this.#lines.get(line) ?? this.#addLine(line);
    const fits = this.#fits(to, length);
    if (!fits && (serial === undefined || to.waiting.length - to.taken >= this.limits.mostRefusals)) return false;
    this.#append(to, { sender, serial, bytes: fits ? copy() : undefined });
    return true;
  }
  /** Keeps work, before the calls that came after its own. False: too much of this line waits. */
  addWork(line: string, sender: string, work: WaitingWork): boolean {
    const to = this.#lines.get(line) ?? this.#addLine(line);
    if (to.waiting.length - to.taken >= this.limits.mostCalls) return false;
    const queued = { sender, serial: undefined, bytes: undefined, work };
    if (to.taken > 0) to.waiting[--to.taken] = queued;
    else to.waiting.unshift(queued);
    this.#size++;
    return true;
  }
  /** The next one, with the name of its line for {@link charge}. */
  take(): { readonly line: string; readonly queued: Queued } | undefined {
    const next = this.#cheapest();
    if (!next) return undefined;
    const [name, line] = next;
    const queued = line.waiting[line.taken++] as Queued;
    this.#level = line.cost;
    this.#size--;
    this.#count(line, queued, -1);
    if (line.taken === line.waiting.length) this.#lines.delete(name);
    else if (line.taken >= cutAfter) {
      line.waiting.splice(0, line.taken);
      line.taken = 0;
    }
    return { line: name, queued };
  }
  charge(line: string, cost: number): void {
    const charged = this.#lines.get(line);
    if (charged) charged.cost += cost;
  }
  /**
   * The user of a connection is known now: all connections of a user share one line. Waiting calls keep their order.
   */
  join(from: string, to: string): void {
    const joining = this.#lines.get(from);
    if (!joining) return;
    this.#lines.delete(from);
    const into = this.#lines.get(to) ?? this.#addLine(to);
    into.cost = Math.max(into.cost, joining.cost);
    for (const queued of joining.waiting.slice(joining.taken)) {
      this.#size--;
      this.#bytes -= queued.bytes?.length ?? 0;
      this.#append(into, queued);
    }
  }

  clear(why: Error): void {
    const waiting = [...this.#lines.values()].flatMap((line) => line.waiting.slice(line.taken));
    this.#lines.clear();
    this.#size = 0;
    this.#bytes = 0;
    for (const { work } of waiting) work?.refuse(why);
  }

  #fits({ calls, bytes }: Line, length: number): boolean {
    const { mostCalls, mostBytes, mostBytesInAll } = this.limits;
    if (this.#bytes + length > mostBytesInAll) return false;
    return calls === 0 || (calls < mostCalls && bytes + length <= mostBytes);
  }
  #addLine(name: string): Line {
    const line = { waiting: [], taken: 0, calls: 0, bytes: 0, cost: this.#level };
    this.#lines.set(name, line);
    return line;
  }
  #append(line: Line, queued: Queued): void {
    line.waiting.push(queued);
    this.#size++;
    this.#count(line, queued, 1);
  }
  #count(line: Line, { bytes }: Queued, sign: 1 | -1): void {
    if (!bytes) return;
    line.calls += sign;
    line.bytes += sign * bytes.length;
    this.#bytes += sign * bytes.length;
  }
  #cheapest(): readonly [string, Line] | undefined {
    let best: readonly [string, Line] | undefined;
    for (const entry of this.#lines) if (!best || entry[1].cost < best[1].cost) best = entry;
    return best;
  }
}
