import type { Cancel } from "../../base/clock.ts";
import type { WireVariant } from "../../base/property.ts";
import { BusError, type Call, type Credentials, type MatchRule } from "../bus.ts";
import { busDaemon, busDaemonPath, isUniqueName, standardError } from "../wire/names.ts";

/** Each has a match rule on the bus, which lets us have 512. A user may have 256 connections. */
const mostSenders = 400;

export interface CredentialsHost {
  match(rule: MatchRule, onSignal: () => void): Cancel;
  call(call: Call): Promise<readonly unknown[]>;
}

interface Known {
  readonly answer: Promise<Credentials>;
  readonly forget: Cancel;
  uid: number | undefined;
}

/** User and groups of senders. Asking the bus costs 0.3 ms, so the answer is kept until the sender leaves. */
export class SenderCredentials {
  readonly #known = new Map<string, Known>();
  constructor(private readonly host: CredentialsHost) {}

  async of(sender: string): Promise<Credentials> {
    if (!isUniqueName(sender)) throw new BusError(standardError("InvalidArgs"), "a sender is a unique name");
    return (this.#known.get(sender) ?? this.#ask(sender)).answer;
  }
  /** After the connection was lost unique names are given out anew. */
  clear(): void {
    for (const sender of [...this.#known.keys()]) this.#forget(sender);
  }

  /** Undefined: not known without asking. */
  knownUid(sender: string): number | undefined {
    return this.#known.get(sender)?.uid;
  }

  #ask(sender: string): Known {
    const [oldest] = this.#known.keys();
    if (oldest !== undefined && this.#known.size >= mostSenders) this.#forget(oldest);
    const rule = { sender: busDaemon, interface: busDaemon, member: "NameOwnerChanged", arg0: sender };
    const forget = this.host.match(rule, () => this.#forget(sender));
    const entry: Known = { answer: this.#request(sender), forget, uid: undefined };
    this.#known.set(sender, entry);
    entry.answer.then(
      ({ uid }) => {
        entry.uid = uid;
      },
      () => this.#known.get(sender) === entry && this.#forget(sender),
    );
    return entry;
  }
  #forget(sender: string): void {
    this.#known.get(sender)?.forget();
    this.#known.delete(sender);
  }
  async #request(sender: string): Promise<Credentials> {
    const [answer] = await this.host.call({
      destination: busDaemon,
      path: busDaemonPath,
      interface: busDaemon,
      member: "GetConnectionCredentials",
      signature: "s",
      args: [sender],
    });
    return readCredentials(sender, answer);
  }
}

/** The bus leaves out fields that it could not learn from the kernel; without a user there are no rights to give. */
function readCredentials(sender: string, answer: unknown): Credentials {
  const value = (name: string) =>
    answer instanceof Map ? (answer.get(name) as WireVariant | undefined)?.value : undefined;
  const uid = value("UnixUserID");
  if (typeof uid !== "number") throw new BusError(standardError("Failed"), `the bus told no user id of ${sender}`);
  const gids = value("UnixGroupIDs");
  return { uid, gids: Array.isArray(gids) ? (gids as readonly number[]) : undefined };
}
