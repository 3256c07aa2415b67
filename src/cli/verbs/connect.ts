import { busError, type Daemon, flimflam } from "../daemon.ts";
import { exitCodes, Failure } from "../failure.ts";
import { type Judge, StateWait, type TooLate } from "../state-wait.ts";
import type { Verb, VerbCall } from "../verb.ts";
import { findService, labelOf } from "../view/object-names.ts";
import { refusalSentence } from "../view/reasons.ts";
import { isConnectedState } from "../view/service-states.ts";
import { BusObject, type Properties, textIn } from "../view/snapshot.ts";
import { waitMs } from "../words/seconds.ts";

export const connect: Verb = {
  name: "connect",
  operands: "SERVICE|DEVICE",
  leastOperands: 1,
  mostOperands: 1,
  summary: "connects a Service, named by link, name, number or path",
  options: { wait: { value: "SECONDS", doc: "wait until it is connected, or failed, at most so long" } },
  completes: ["service", "none"],
  async run(call) {
    const limitMs = waitMs(call.options.value("wait"));
    const daemon = await call.daemon();
    const snapshot = await daemon.snapshot();
    const service = findService(snapshot, call.operands[0] as string);
    return connectService(call, daemon, { service, label: labelOf(service, snapshot), limitMs });
  },
};

interface Wanted {
  readonly service: BusObject;
  readonly label: string;
  /** Undefined: the daemon's acceptance is enough. */
  readonly limitMs: number | undefined;
}

/** Connects, waits if asked to, and says how it went. Rejects with a Failure that has the daemon's reason. */
export async function connectService(call: VerbCall, daemon: Daemon, { service, label, limitMs }: Wanted) {
  const after = await (limitMs === undefined ? start(daemon, service) : startAndWait(call, daemon, service, limitMs));
  const [state, reason] = [after.text("State"), await standstill(daemon, after)];
  if (call.options.json) call.out.json({ path: service.path, name: service.text("Name"), state, reason });
  else call.out.line(`${label}: ${state}${reason === "" ? "" : `; ${reason}`}`);
  return exitCodes.ok;
}

const connectNow = (daemon: Daemon, service: BusObject) => daemon.call(service.path, flimflam("Service"), "Connect");

async function start(daemon: Daemon, service: BusObject): Promise<BusObject> {
  await connectNow(daemon, service);
  return new BusObject("service", service.path, await daemon.properties(service.path, "Service"));
}

async function startAndWait(call: VerbCall, daemon: Daemon, service: BusObject, limitMs: number): Promise<BusObject> {
  const wait = new StateWait(daemon, call.clock, service.path);
  try {
    // The awaited state may be there already, or on its way.
    await connectNow(daemon, service).catch((error: unknown) => {
      const name = error instanceof Failure ? error.errorName : "";
      if (name !== busError("AlreadyConnected") && name !== busError("InProgress")) throw error;
    });
    const before = service.number(failureCount);
    return await wait.until(judgeFor(daemon, before), limitMs, tooLateFor(daemon));
  } finally {
    wait.close();
  }
}

/** Counts the failures of a Service, also those that the next attempt has followed already. */
const failureCount = "PreviousErrorSerialNumber";

/**
 * After Connect was answered the Service is on its way; a standstill, or another failure than before, is the end of it.
 */
const judgeFor =
  (daemon: Daemon, failuresBefore: number): Judge =>
  async (service) => {
    const state = service.text("State");
    if (isConnectedState(state)) return "done";
    const hasFailed = state === "failure" || service.number(failureCount) !== failuresBefore;
    if (state !== "idle" && !hasFailed) return "wait";
    const reasons = await daemon.why(service.path, "Service").catch(() => new Map());
    const error = hasFailed ? service.text(state === "failure" ? "Error" : "PreviousError") : state;
    const reason = (hasFailed && failureReason(service, reasons)) || (await standstill(daemon, service));
    return new Failure(exitCodes.refused, reason === "" || reason === error ? "not connected" : reason, error);
  };

/** Without the error's word, which is told beside it. */
function failureReason(service: BusObject, reasons: Properties): string {
  const told = textIn(reasons, "LastFailure");
  const details = told.slice(told.indexOf(": ") + 2);
  return service.text("ErrorDetails") || (told.includes(": ") ? details : told);
}

const tooLateFor =
  (daemon: Daemon): TooLate =>
  async (service, limitMs) => {
    const reasons = await daemon.why(service.path, "Service").catch(() => new Map());
    const progress = textIn(reasons, "Progress");
    const still = `still in state ${service.text("State")} after ${limitMs / 1000} s`;
    return new Failure(exitCodes.refused, progress === "" ? still : `${still}: ${progress}`, "timeout");
  };

/** Why a Service is where it is and does not move on, or what it waits for before layer 3; empty while that goes on. */
async function standstill(daemon: Daemon, service: BusObject): Promise<string> {
  const state = service.text("State");
  if (state !== "idle" && state !== "failure" && state !== "association") return "";
  const reasons = await daemon.why(service.path, "Service").catch(() => new Map());
  const refusal = refusalSentence(textIn(reasons, "AutoConnectRefusal"), textIn(reasons, "Lacking"));
  return service.text("ErrorDetails") || (state === "idle" && refusal) || textIn(reasons, "StateReason");
}
