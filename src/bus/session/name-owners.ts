import type { Cancel } from "../../base/clock.ts";
import type { MatchRule, SignalMessage } from "../bus.ts";
import { busDaemon } from "../wire/names.ts";

type OnOwner = (owner: string | undefined) => void;
interface Watch {
  /** Undefined: no owner. */
  owner: string | undefined;
  /** False until the bus has answered. */
  isKnown: boolean;
  readonly listeners: Set<OnOwner>;
  readonly cancelMatch: Cancel;
}

export interface OwnerHost {
  match(rule: MatchRule, onSignal: (signal: SignalMessage) => void): Cancel;
  /**
   * Calls back in the order of arrival among signals: undefined when the name has no owner. Silent while disconnected.
   */
  askOwner(name: string, onOwner: OnOwner): void;
  onListenerError(where: string, error: unknown): void;
}

/** Owners of the watched names. */
export class NameOwners {
  readonly #watches = new Map<string, Watch>();
  constructor(private readonly host: OwnerHost) {}

  ownerOf(name: string): string | undefined {
    return this.#watches.get(name)?.owner;
  }

  watch(name: string, listener: OnOwner): Cancel {
    const own: OnOwner = (owner) => listener(owner);
    const watch = this.#watches.get(name) ?? this.#start(name);
    watch.listeners.add(own);
    // Told later in any case, so that the caller has got its Cancel.
    if (watch.isKnown) {
      queueMicrotask(() => {
        if (watch.listeners.has(own)) this.#tell(name, own, watch.owner);
      });
    }
    return () => this.#stop(name, watch, own);
  }
  #start(name: string): Watch {
    const rule = { sender: busDaemon, interface: busDaemon, member: "NameOwnerChanged", arg0: name };
    const watch: Watch = {
      owner: undefined,
      isKnown: false,
      listeners: new Set(),
      cancelMatch: this.host.match(rule, ({ args }) => this.#learn(name, (args[2] as string) || undefined)),
    };
    this.#watches.set(name, watch);
    this.#ask(name);
    return watch;
  }
  #stop(name: string, watch: Watch, listener: OnOwner): void {
    if (!watch.listeners.delete(listener) || watch.listeners.size > 0) return;
    this.#watches.delete(name);
    watch.cancelMatch();
  }

  /** No name has a known owner any more; asked again by {@link onConnected}. */
  onLost(): void {
    for (const [name, watch] of this.#watches) if (watch.isKnown) this.#learn(name, undefined);
  }
  onConnected(): void {
    for (const name of this.#watches.keys()) this.#ask(name);
  }

  #ask(name: string): void {
    this.host.askOwner(name, (owner) => this.#learn(name, owner));
  }
  #learn(name: string, owner: string | undefined): void {
    const watch = this.#watches.get(name);
    if (!watch || (watch.isKnown && watch.owner === owner)) return;
    watch.isKnown = true;
    watch.owner = owner;
    for (const listener of [...watch.listeners]) this.#tell(name, listener, owner);
  }
  #tell(name: string, listener: OnOwner, owner: string | undefined): void {
    try {
      listener(owner);
    } catch (error) {
      this.host.onListenerError(`owner of ${name}`, error);
    }
  }
}
