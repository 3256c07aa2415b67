import type { Cancel, Clock } from "../../base/clock.ts";
import { BusError } from "../bus.ts";
import { type Message, MessageType, type Received } from "../wire/message.ts";
import { busDaemon, standardError } from "../wire/names.ts";

/** Called once, in the order of arrival among signals. */
export type Settle = (error: BusError | undefined, args: readonly unknown[]) => void;

interface Pending {
  readonly destination: string;
  /** Owner of the destination when the call went out, as far as known. */
  readonly owner: string | undefined;
  readonly settle: Settle;
  readonly cancelTimer: Cancel;
}

/** Calls of ours that have no reply yet. */
export class PendingCalls {
  readonly #pending = new Map<number, Pending>();
  constructor(
    private readonly clock: Clock,
    /** The unique name that owns a well-known one, as far as known. */
    private readonly ownerOf: (name: string) => string | undefined,
  ) {}

  get size(): number {
    return this.#pending.size;
  }
  add(serial: number, destination: string, what: string, timeoutMs: number, settle: Settle): void {
    const cancelTimer = this.clock.startTimer("bus-call", timeoutMs, () => {
      this.#pending.delete(serial);
      settle(new BusError(standardError("NoReply"), `no reply to ${what} within ${timeoutMs} ms`), []);
    });
    this.#pending.set(serial, { destination, owner: this.ownerOf(destination), settle, cancelTimer });
  }
  /** Whether {@link onReply} would take it. */
  awaits({ replySerial, sender = "" }: Message): boolean {
    const pending = this.#pending.get(replySerial ?? 0);
    return pending !== undefined && this.#mayAnswer(pending, sender);
  }
  /** False: no such call, or another sender than the one asked answers; nothing has happened then. */
  onReply(received: Received): boolean {
    const { replySerial, sender = "" } = received.message;
    const pending = this.#pending.get(replySerial ?? 0);
    if (!pending || !this.#mayAnswer(pending, sender)) return false;
    this.#pending.delete(replySerial as number);
    pending.cancelTimer();
    settleWith(received, pending.settle);
    return true;
  }
  /** One reply was too large to be read. */
  onOversized(replySerial: number | undefined, sender: string, why: string): void {
    const pending = this.#pending.get(replySerial ?? 0);
    if (!pending || !this.#mayAnswer(pending, sender)) return;
    this.#pending.delete(replySerial as number);
    pending.cancelTimer();
    pending.settle(new BusError(standardError("LimitsExceeded"), why), []);
  }
  rejectAll(error: BusError): void {
    const all = [...this.#pending.values()];
    this.#pending.clear();
    for (const { settle, cancelTimer } of all) {
      cancelTimer();
      settle(error, []);
    }
  }

  /** The bus itself answers for destinations that do not exist or may not be called. */
  #mayAnswer({ destination, owner }: Pending, sender: string): boolean {
    if (sender === busDaemon || sender === destination) return true;
    if (destination === busDaemon || destination.startsWith(":")) return false;
    const ownerNow = this.ownerOf(destination);
    return sender === owner || sender === ownerNow || (owner ?? ownerNow) === undefined;
  }
}

function settleWith(received: Received, settle: Settle): void {
  const { message } = received;
  let args: readonly unknown[];
  try {
    args = received.body();
  } catch (error) {
    settle(new BusError(standardError("InconsistentMessage"), `unreadable reply: ${(error as Error).message}`), []);
    return;
  }
  if (message.type !== MessageType.ERROR) settle(undefined, args);
  else settle(new BusError(message.errorName as string, typeof args[0] === "string" ? args[0] : ""), []);
}
