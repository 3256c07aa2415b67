import type { Cancel } from "../../base/clock.ts";
import type { MatchRule, SignalMessage } from "../bus.ts";
import type { Received } from "../wire/message.ts";
import { busDaemon } from "../wire/names.ts";
import { fitsRule, matchRuleText } from "./match-rules.ts";

type Listener = (signal: SignalMessage) => void;
interface Entry {
  readonly rule: MatchRule;
  readonly listeners: Set<Listener>;
}

/** Parts of the connection that the table needs. Both are silent while it is down. */
export interface MatchHost {
  addMatch(rule: string): void;
  removeMatch(rule: string): void;
  /** The unique name that owns a well-known one, as far as known. */
  ownerOf(name: string): string | undefined;
  onListenerError(where: string, error: unknown): void;
  /** A signal whose body cannot be read. */
  onBadSignal(why: string): void;
}

/** Reference-counted match rules: one on the bus for each distinct text, however many listen. */
export class MatchTable {
  readonly #entries = new Map<string, Entry>();
  constructor(private readonly host: MatchHost) {}

  /** Throws BusError InvalidArgs for a rule that the bus would refuse. */
  add(rule: MatchRule, listener: Listener): Cancel {
    const text = matchRuleText(rule);
    let entry = this.#entries.get(text);
    if (!entry) {
      entry = { rule, listeners: new Set() };
      this.#entries.set(text, entry);
      this.host.addMatch(text);
    }
    // A function of its own for each call, so that one listener may be added twice and removed once.
    const own: Listener = (signal) => listener(signal);
    entry.listeners.add(own);
    return () => this.#remove(text, own);
  }
  #remove(text: string, listener: Listener): void {
    const entry = this.#entries.get(text);
    if (!entry?.listeners.delete(listener) || entry.listeners.size > 0) return;
    this.#entries.delete(text);
    this.host.removeMatch(text);
  }

  get rules(): Iterable<string> {
    return this.#entries.keys();
  }

  /**
   * Hands the signal to all listeners whose rule it fits. The bus also delivers signals that no rule matched (any
   * client may send one to us alone), so sender and all else are compared here again.
   */
  dispatch(received: Received): void {
    let signal: SignalMessage | undefined;
    const read = () => {
      signal ??= toSignal(received);
      return signal;
    };
    for (const { rule, listeners } of [...this.#entries.values()]) {
      try {
        const sender = received.message.sender ?? "";
        if (!this.#isFrom(rule.sender, sender) || !fitsRule(rule, received.message, () => read().args[0])) continue;
        read();
      } catch (error) {
        this.host.onBadSignal((error as Error).message);
        return;
      }
      for (const listener of [...listeners]) this.#tell(listener, read());
    }
  }
  #isFrom(wanted: string | undefined, sender: string): boolean {
    if (wanted === undefined || wanted === sender) return true;
    return wanted !== busDaemon && !wanted.startsWith(":") && this.host.ownerOf(wanted) === sender;
  }
  #tell(listener: Listener, signal: SignalMessage): void {
    try {
      listener(signal);
    } catch (error) {
      this.host.onListenerError(`signal ${signal.interface}.${signal.member}`, error);
    }
  }
}

function toSignal(received: Received): SignalMessage {
  const { sender = "", path = "", interface: interfaceName = "", member = "" } = received.message;
  return { sender, path, interface: interfaceName, member, args: received.body() };
}
