import type { Daemon } from "../daemon.ts";
import { flimflam } from "../daemon.ts";
import { exitCodes, Failure } from "../failure.ts";
import { findService } from "../find-service.ts";
import { labelOf } from "../names.ts";
import { waitMs } from "../seconds.ts";
import { isConnectedState } from "../service-states.ts";
import type { BusObject } from "../snapshot.ts";
import { type Judge, StateWait, stateReason } from "../state-wait.ts";
import type { Verb, VerbCall } from "../verb.ts";

const busError = (name: string): string => `org.chromium.flimflam.Error.${name}`;

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
    const label = labelOf(service, snapshot);
    const state =
      limitMs === undefined ? await start(daemon, service) : await startAndWait(call, daemon, service, limitMs);
    if (call.options.json) call.out.json({ path: service.path, name: service.text("Name"), state });
    else call.out.line(`${label}: ${state}`);
    return exitCodes.ok;
  },
};

const connectNow = (daemon: Daemon, service: BusObject) => daemon.call(service.path, flimflam("Service"), "Connect");

async function start(daemon: Daemon, service: BusObject): Promise<string> {
  await connectNow(daemon, service);
  return "connecting";
}

async function startAndWait(call: VerbCall, daemon: Daemon, service: BusObject, limitMs: number): Promise<string> {
  const wait = new StateWait(daemon, call.clock, service.path);
  try {
    // What is waited for may be there already, or on its way.
    await connectNow(daemon, service).catch((error: unknown) => {
      const name = error instanceof Failure ? error.errorName : "";
      if (name !== busError("AlreadyConnected") && name !== busError("InProgress")) throw error;
    });
    const connected = await wait.until(judgeFor(daemon), limitMs);
    return connected.text("State");
  } finally {
    wait.close();
  }
}

/** After Connect was answered the Service is on its way; a standstill is the end of it. */
const judgeFor =
  (daemon: Daemon): Judge =>
  async (service) => {
    const state = service.text("State");
    if (isConnectedState(state)) return "done";
    if (state === "failure") return failed(service, await stateReason(daemon, service.path));
    if (state !== "idle") return "wait";
    return idle(await stateReason(daemon, service.path));
  };

function failed(service: BusObject, reason: string): Failure {
  const details = service.text("ErrorDetails") || reason;
  const error = service.text("Error");
  return new Failure(exitCodes.refused, details === error ? "not connected" : details, error);
}
const idle = (reason: string): Failure =>
  new Failure(exitCodes.refused, `not connected${reason === "" ? "" : `: ${reason}`}`, "idle");
