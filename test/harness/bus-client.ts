import dbus, { type Message as DBusMessage, type MessageBus } from "dbus-next";
import { patienceMs, until } from "./until.ts";

const { Message, MessageFlag, MessageType, Variant, sessionBus } = dbus;

/** An error reply: its D-Bus error name and its text. */
export class CallError extends Error {
  override readonly name = "CallError";
  constructor(
    readonly busName: string,
    message: string,
  ) {
    super(`${busName}: ${message}`);
  }
}

export interface HeardSignal {
  readonly path: string;
  readonly interface: string;
  readonly member: string;
  readonly args: readonly unknown[];
  readonly sender: string;
  /** performance.now() at arrival. */
  readonly at: number;
}

/**
 * A D-Bus client as other people write them: dbus-next as it comes, nothing of ours. Variants are unwrapped in its
 * results; `Variant` makes one to send. 64-bit integers are bigint, dictionaries plain objects.
 */
export class BusClient {
  readonly signals: HeardSignal[] = [];
  private constructor(readonly bus: MessageBus) {}

  /** Rejects when the bus is not there. */
  static async connect(address: string): Promise<BusClient> {
    const bus = sessionBus({ busAddress: overNodesSocket(address) });
    await new Promise<void>((resolve, reject) => {
      bus.once("connect", resolve);
      bus.once("error", reject);
    });
    // A bus that goes away is for the test to see, not a reason to end the process.
    bus.on("error", () => {});
    const client = new BusClient(bus);
    bus.on("message", (message: DBusMessage) => client.#hear(message));
    return client;
  }

  get uniqueName(): string {
    return (this.bus as MessageBus & { name: string }).name;
  }

  /** The values of the reply. Rejects with {@link CallError}. */
  async call(
    destination: string,
    path: string,
    interfaceName: string,
    member: string,
    signature = "",
    body: readonly unknown[] = [],
  ): Promise<unknown[]> {
    const message = new Message({ destination, path, interface: interfaceName, member, signature, body: [...body] });
    try {
      const reply = await this.bus.call(message);
      return (reply?.body ?? []).map(unwrapVariants);
    } catch (error) {
      const { type, text } = error as { type?: string; text?: string };
      throw type === undefined ? error : new CallError(type, text ?? "");
    }
  }

  /** Sends a call and asks for no reply. */
  send(destination: string, path: string, interfaceName: string, member: string, signature = "", body: unknown[] = []) {
    const flags = MessageFlag.NO_REPLY_EXPECTED;
    this.bus.send(new Message({ destination, path, interface: interfaceName, member, signature, body, flags }));
  }

  /** Signals that fit `rule` (D-Bus match rule syntax) are kept in {@link signals} from now on. */
  async listen(rule = "type='signal'"): Promise<void> {
    await this.call("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", "AddMatch", "s", [rule]);
  }

  /** The first signal heard so far or within `limitMs` that fits. */
  untilSignal(what: string, fits: (signal: HeardSignal) => boolean, limitMs = patienceMs): Promise<HeardSignal> {
    return until(what, () => this.signals.find(fits), limitMs);
  }

  async ownerOf(name: string): Promise<string | undefined> {
    const daemon = "org.freedesktop.DBus";
    return this.call(daemon, "/org/freedesktop/DBus", daemon, "GetNameOwner", "s", [name]).then(
      ([owner]) => owner as string,
      () => undefined,
    );
  }

  close(): void {
    this.bus.disconnect();
  }

  #hear(message: DBusMessage): void {
    if (message.type !== MessageType.SIGNAL) return;
    const { path = "", interface: interfaceName = "", member = "", sender = "" } = message;
    const args = (message.body ?? []).map(unwrapVariants);
    this.signals.push({ path, interface: interfaceName, member, sender, args, at: performance.now() });
  }
}

/**
 * For `path` dbus-next takes usocket, which frees a libuv handle that is still being closed and may abort the process;
 * for `socket`, its own word, it takes Node's.
 */
const overNodesSocket = (address: string): string => address.replace(/^unix:path=/, "unix:socket=");

/** Plain values out of dbus-next's results. */
export function unwrapVariants(value: unknown): unknown {
  if (value instanceof Variant) return unwrapVariants(value.value);
  if (Array.isArray(value)) return value.map(unwrapVariants);
  if (value === null || typeof value !== "object" || Buffer.isBuffer(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, unwrapVariants(entry)]));
}

/** A variant to send. */
export const variant = (signature: string, value: unknown): unknown => new Variant(signature, value);
