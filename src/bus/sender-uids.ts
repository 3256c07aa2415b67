import type { Cancel } from "../base/clock.ts";
import { BusError, type Call, type MatchRule } from "./bus.ts";
import { busDaemon, busDaemonPath, isUniqueName, standardError } from "./names.ts";

/** Far above what asks for its rights at one time; a flood of connections must not grow it. */
const mostSenders = 1024;

export interface UidHost {
  match(rule: MatchRule, onSignal: () => void): Cancel;
  call(call: Call): Promise<readonly unknown[]>;
}

/** User ids of senders. Asking the bus costs 0.3 ms, so the answer is kept until the sender leaves. */
export class SenderUids {
  readonly #known = new Map<string, { readonly uid: Promise<number>; readonly forget: Cancel }>();
  constructor(private readonly host: UidHost) {}

  async uidOf(sender: string): Promise<number> {
    if (!isUniqueName(sender)) throw new BusError(standardError("InvalidArgs"), "a sender is a unique name");
    return (this.#known.get(sender) ?? this.#ask(sender)).uid;
  }
  /** After the connection was lost unique names are given out anew. */
  clear(): void {
    for (const sender of [...this.#known.keys()]) this.#forget(sender);
  }

  #ask(sender: string) {
    const [oldest] = this.#known.keys();
    if (oldest !== undefined && this.#known.size >= mostSenders) this.#forget(oldest);
    const rule = { sender: busDaemon, interface: busDaemon, member: "NameOwnerChanged", arg0: sender };
    const entry = { uid: this.#request(sender), forget: this.host.match(rule, () => this.#forget(sender)) };
    this.#known.set(sender, entry);
    entry.uid.catch(() => this.#known.get(sender) === entry && this.#forget(sender));
    return entry;
  }
  #forget(sender: string): void {
    this.#known.get(sender)?.forget();
    this.#known.delete(sender);
  }
  async #request(sender: string): Promise<number> {
    const [uid] = await this.host.call({
      destination: busDaemon,
      path: busDaemonPath,
      interface: busDaemon,
      member: "GetConnectionUnixUser",
      signature: "s",
      args: [sender],
    });
    if (typeof uid !== "number") throw new BusError(standardError("Failed"), `the bus told no user id of ${sender}`);
    return uid;
  }
}
