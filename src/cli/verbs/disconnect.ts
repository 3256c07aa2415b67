import { flimflam } from "../daemon.ts";
import { exitCodes } from "../failure.ts";
import { type Judge, StateWait } from "../state-wait.ts";
import type { Verb } from "../verb.ts";
import { findService, labelOf } from "../view/object-names.ts";
import { waitMs } from "../words/seconds.ts";

const atRest: ReadonlySet<string> = new Set(["idle", "failure"]);

export const disconnect: Verb = {
  name: "disconnect",
  operands: "SERVICE|DEVICE",
  leastOperands: 1,
  mostOperands: 1,
  summary: "disconnects a Service; it stays so until it is connected by hand",
  options: { wait: { value: "SECONDS", doc: "wait until it is disconnected, at most so long" } },
  completes: ["service", "none"],
  async run({ daemon, operands, options, out, clock }) {
    const limitMs = waitMs(options.value("wait"));
    const connected = await daemon();
    const snapshot = await connected.snapshot();
    const service = findService(snapshot, operands[0] as string);
    const wait = new StateWait(connected, clock, service.path);
    try {
      await connected.call(service.path, flimflam("Service"), "Disconnect");
      const judge: Judge = (now) => (limitMs === undefined || atRest.has(now.text("State")) ? "done" : "wait");
      const after = await wait.until(judge, limitMs ?? 0);
      const state = after.text("State");
      if (options.json) out.json({ path: service.path, name: service.text("Name"), state });
      else out.line(`${labelOf(service, snapshot)}: ${state}`);
    } finally {
      wait.close();
    }
    return exitCodes.ok;
  },
};
