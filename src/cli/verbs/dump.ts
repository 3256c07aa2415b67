import { exitCodes, Failure } from "../failure.ts";
import type { Verb } from "../verb.ts";

export const dump: Verb = {
  name: "dump",
  operands: "",
  leastOperands: 0,
  mostOperands: 0,
  summary: "everything the daemon knows, as JSON, for a report of a fault; holds no secrets",
  async run({ daemon, out, options }) {
    const text = await (await daemon()).dump();
    out.json(parse(text), options.json ? 0 : 2);
    return exitCodes.ok;
  },
};

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Failure(exitCodes.refused, `the daemon's dump is not JSON: ${(error as Error).message}`);
  }
}
