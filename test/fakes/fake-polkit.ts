import type { IncomingCall } from "../../src/bus/bus.ts";
import type { FakeBusPort } from "./fake-bus.ts";

type Subject = readonly [kind: string, details: ReadonlyMap<string, { readonly value: unknown }>];
const failed = "org.freedesktop.PolicyKit1.Error.Failed";

/** polkit on a bus in memory: answers by a table of actions, and keeps a question of an action that says "later". */
export class FakePolkit {
  readonly answers = new Map<string, "yes" | "no" | "challenge" | "later" | "nonsense">();
  readonly waiting = new Map<string, IncomingCall>();
  readonly cancelled: string[] = [];
  readonly flags: number[] = [];

  constructor(readonly port: FakeBusPort) {
    port.serve((call) => this.#onCall(call));
  }
  async start(): Promise<void> {
    await this.port.connect();
    await this.port.requestName("org.freedesktop.PolicyKit1");
  }
  #onCall(call: IncomingCall): void {
    if (call.member === "CheckAuthorization") this.#check(call);
    else this.#cancel(call);
  }
  #check(call: IncomingCall): void {
    const [subject, action, , flags, id] = call.args() as [Subject, string, unknown, number, string];
    const answer = this.answers.get(action);
    this.flags.push(flags);
    if (subject[0] !== "system-bus-name" || !subject[1].has("name")) call.fail(failed, "no such subject");
    else if (answer === undefined) call.fail(failed, `Action ${action} is not registered`);
    else if (answer === "later") this.waiting.set(id, call);
    else if (answer === "nonsense") call.reply("s", ["perhaps"]);
    else call.reply("(bba{ss})", [[answer === "yes", answer === "challenge", new Map()]]);
  }
  #cancel(call: IncomingCall): void {
    const [id] = call.args() as [string];
    const isWaiting = this.waiting.delete(id);
    if (isWaiting) this.cancelled.push(id);
    if (isWaiting) call.reply("", undefined);
    else call.fail(failed, `No such cancellation_id '${id}' for name`);
  }
}
