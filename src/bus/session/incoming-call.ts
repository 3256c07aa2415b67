import { BusError, type Credentials, type IncomingCall, type MarshalledReply, type MethodResult } from "../bus.ts";
import type { WaitingWork } from "../guard/call-queue.ts";
import { type Message, MessageFlag, MessageType, makeMessage, type Received } from "../wire/message.ts";
import type { MessageFields } from "../wire/message-fields.ts";
import { isErrorName, standardError } from "../wire/names.ts";
import { WireError } from "../wire/wire-error.ts";

/** Texts of errors may quote a client's input. */
const mostErrorCharacters = 1000;

export interface ReplyHost {
  /** Throws WireError, having sent nothing. Silent when the connection the call came on is gone. */
  sendReply(message: Message, kept?: MarshalledReply): void;
  credentialsOf(sender: string): Promise<Credentials>;
  inTurn(sender: string, work: WaitingWork): void;
}

/** A call that came over the wire; the memory of its body is not held. */
export class WireCall implements IncomingCall {
  readonly destination: string | undefined;
  readonly path: string;
  readonly interface: string | undefined;
  readonly member: string;
  readonly signature: string;
  readonly sender: string;
  readonly allowsInteraction: boolean;
  readonly #serial: number;
  #isOpen: boolean;
  /** Until its body was read. */
  #received: Received | undefined;

  constructor(
    received: Received,
    private readonly host: ReplyHost,
  ) {
    const { message } = received;
    this.destination = message.destination;
    this.path = message.path as string;
    this.interface = message.interface;
    this.member = message.member as string;
    this.signature = message.signature;
    this.sender = message.sender ?? "";
    this.allowsInteraction = (message.flags & MessageFlag.ALLOW_INTERACTIVE_AUTHORIZATION) !== 0;
    this.#serial = message.serial as number;
    this.#isOpen = (message.flags & MessageFlag.NO_REPLY_EXPECTED) === 0;
    this.#received = received;
    this.expectsReply = this.#isOpen;
  }
  readonly expectsReply: boolean;

  credentials(): Promise<Credentials> {
    return this.host.credentialsOf(this.sender);
  }
  inTurn<R>(work: () => R | Promise<R>): Promise<R> {
    return new Promise((resolve, reject) => {
      const run = () => {
        try {
          resolve(work());
        } catch (error) {
          reject(error);
        }
      };
      this.host.inTurn(this.sender, { run, refuse: reject });
    });
  }
  args(): readonly unknown[] {
    const received = this.#received;
    this.#received = undefined;
    try {
      return received?.body() ?? [];
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      throw new BusError(standardError("InvalidArgs"), error.message);
    }
  }
  reply(signature: string, result: MethodResult): void {
    if (!this.#isOpen) return;
    const kept = result && "marshalled" in result ? result : undefined;
    const body = kept ? [] : ((result as readonly unknown[] | undefined) ?? []);
    this.#send({ type: MessageType.METHOD_RETURN, signature, body }, kept);
  }
  fail(errorName: string, message: string): void {
    if (!this.#isOpen) return;
    const name = isErrorName(errorName) ? errorName : standardError("Failed");
    const text = message.replaceAll("\0", "").slice(0, mostErrorCharacters);
    this.#send({ type: MessageType.ERROR, errorName: name, signature: "s", body: [text] });
  }
  #send(init: Partial<MessageFields>, kept?: MarshalledReply): void {
    try {
      this.host.sendReply(makeMessage({ ...init, replySerial: this.#serial, destination: this.sender }), kept);
    } catch (error) {
      throw error instanceof WireError ? new BusError(standardError("InvalidArgs"), error.message) : error;
    }
    this.#isOpen = false;
  }
}
