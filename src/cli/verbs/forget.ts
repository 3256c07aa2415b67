import { flimflam } from "../daemon.ts";
import { exitCodes } from "../failure.ts";
import type { Verb } from "../verb.ts";
import { findService, labelOf } from "../view/object-names.ts";

export const forget: Verb = {
  name: "forget",
  operands: "SERVICE",
  leastOperands: 1,
  mostOperands: 1,
  summary: "deletes the settings of a network or a tunnel, with its secrets; it is not connected by itself again",
  completes: ["service", "none"],
  async run({ daemon, operands, options, out }) {
    const connected = await daemon();
    const snapshot = await connected.snapshot();
    const service = findService(snapshot, operands[0] as string);
    await connected.call(service.path, flimflam("Service"), "Remove");
    if (options.json) out.json({ path: service.path, name: service.text("Name") });
    else out.line(`${labelOf(service, snapshot)} is forgotten.`);
    return exitCodes.ok;
  },
};
