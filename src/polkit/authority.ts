/**
 * Port to polkit, which knows the user at the machine and the administrators, and asks a person for a password
 * (polkit(8), org.freedesktop.PolicyKit1.Authority).
 */
import type { Cancel } from "../base/clock.ts";
import { describeError } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import { BusError, type BusPort, type Call } from "../bus/bus.ts";
import { standardError } from "../bus/wire/names.ts";

/**
 * `challenge`: yes, if a person gave a password. `absent`: there is no polkit here. `unavailable`: no answer to rely
 * on.
 */
export type Verdict = "authorized" | "refused" | "challenge" | "absent" | "unavailable";

export interface Question {
  /** Unique name of the asking client on the bus. */
  readonly sender: string;
  readonly uid: number;
  readonly action: string;
  /** A person may be asked, which takes as long as it takes. */
  readonly mayInteract: boolean;
}

export interface Authority {
  /** Never rejects. */
  check(question: Question): Promise<Verdict>;
}

const busName = "org.freedesktop.PolicyKit1";
const objectPath = "/org/freedesktop/PolicyKit1/Authority";
const interfaceName = "org.freedesktop.PolicyKit1.Authority";

/** polkitd answers from memory; when it has to be started first, the bus gives it time of its own. */
const answerMs = 10_000;
/** As long as polkit's own dialogs stay up. */
const dialogMs = 300_000;
/** One user's questions at a time; the bus allows us 128 unanswered calls in all. */
const mostPerUser = 16;
const mostQuestions = 96;
const allowUserInteraction = 1;

/** The bus says that the name has no owner and no program is installed to own it. */
const absence: ReadonlySet<string> = new Set(
  ["ServiceUnknown", "NameHasNoOwner", "Spawn.ServiceNotFound"].map(standardError),
);

/**
 * The real one. Its answers are not kept: polkit retains answers for itself, and a seat that was left, a rule that was
 * edited or a session that ended must count at once.
 */
export class PolkitAuthority implements Authority {
  readonly #inFlight = new Map<number, number>();
  #total = 0;
  #lastId = 0;

  constructor(
    private readonly bus: Pick<BusPort, "call" | "watchName">,
    private readonly log: Log,
  ) {}

  async check(question: Question): Promise<Verdict> {
    const { uid } = question;
    const ofUser = this.#inFlight.get(uid) ?? 0;
    if (ofUser >= mostPerUser || this.#total >= mostQuestions) return "unavailable";
    this.#inFlight.set(uid, ofUser + 1);
    this.#total++;
    try {
      return await this.#ask(question);
    } finally {
      this.#total--;
      const left = (this.#inFlight.get(uid) ?? 1) - 1;
      if (left > 0) this.#inFlight.set(uid, left);
      else this.#inFlight.delete(uid);
    }
  }

  /** Until polkit answers, or the asking client is gone: a dialog without a client is taken away. */
  async #ask(question: Question): Promise<Verdict> {
    const id = `fairlead-${++this.#lastId}`;
    let stopWatching: Cancel = () => {};
    const gone = new Promise<Verdict>((resolve) => {
      stopWatching = this.bus.watchName(question.sender, (owner) => {
        if (owner === undefined) resolve("unavailable");
      });
    });
    let isAnswered = false;
    const answer = this.bus.call(checkCall(question, id)).then(
      ([result]) => {
        isAnswered = true;
        return verdictOf(result);
      },
      (error: unknown) => this.#onError(error, question),
    );
    try {
      return await Promise.race([answer, gone]);
    } finally {
      stopWatching();
      if (!isAnswered) this.#cancel(id);
    }
  }
  #onError(error: unknown, { action }: Question): Verdict {
    if (error instanceof BusError && absence.has(error.busName)) return "absent";
    this.log.warn(() => `polkit was asked for ${action}: ${describeError(error)}`);
    return "unavailable";
  }
  /** Polkit refuses for a question that has ended by now; the refusal means nothing. */
  #cancel(id: string): void {
    this.bus.call(authorityCall("CancelCheckAuthorization", "s", [id], answerMs)).catch(() => {});
  }
}

function checkCall({ sender, action, mayInteract }: Question, id: string): Call {
  const subject = ["system-bus-name", new Map([["name", { signature: "s", value: sender }]])];
  const args = [subject, action, new Map(), mayInteract ? allowUserInteraction : 0, id];
  return authorityCall("CheckAuthorization", "(sa{sv})sa{ss}us", args, mayInteract ? dialogMs : answerMs);
}

const authorityCall = (member: string, signature: string, args: readonly unknown[], timeoutMs: number): Call => ({
  destination: busName,
  path: objectPath,
  interface: interfaceName,
  member,
  signature,
  args,
  timeoutMs,
});

/** Of `(bba{ss})`: is_authorized, is_challenge, details. */
function verdictOf(result: unknown): Verdict {
  const [isAuthorized, isChallenge] = Array.isArray(result) ? (result as readonly unknown[]) : [];
  if (typeof isAuthorized !== "boolean" || typeof isChallenge !== "boolean") return "unavailable";
  if (isAuthorized) return "authorized";
  return isChallenge ? "challenge" : "refused";
}
