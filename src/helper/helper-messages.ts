/**
 * The language between the daemon and fairlead-helper: one JSON object a line, one connection for each run. The daemon
 * begins with an order; after it come signals one way, and the program's output and end the other way. Both ends
 * distrust each other. Pure.
 */
import * as v from "valibot";
import { DaemonError } from "../base/errors.ts";
import type { OutputStream, ProcessEnd, ProcessOrder } from "../system/processes.ts";

/** Where the unit fairlead-helper.socket listens. */
export const helperSocket = "/run/fairlead-helper.sock";

/** An argument has at most 128 KiB (MAX_ARG_STRLEN), and JSON escapes a part of it. */
const longestLine = 512 * 1024;
const most = { words: 256, variables: 64, inputBytes: 64 * 1024, limitMs: 86_400_000, graceMs: 60_000 } as const;

const withoutNul = (text: string): boolean => !text.includes("\0");
const word = v.pipe(v.string(), v.maxBytes(128 * 1024 - 1), v.check(withoutNul, "has a NUL in it"));
const path = v.pipe(word, v.startsWith("/"), v.maxBytes(4095));
const milliseconds = (longest: number) => v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(longest));
const orderSchema = v.strictObject({
  name: v.pipe(v.string(), v.maxLength(200)),
  argv: v.pipe(v.tupleWithRest([path], word), v.maxLength(most.words)),
  environment: v.pipe(
    v.record(v.pipe(v.string(), v.regex(/^[A-Za-z_]\w{0,63}$/)), word),
    v.check((variables) => Object.keys(variables).length <= most.variables, `more than ${most.variables} variables`),
  ),
  folder: path,
  /** Base64. */
  input: v.pipe(v.string(), v.maxLength(Math.ceil(most.inputBytes / 3) * 4), v.regex(/^[\w+/]*={0,2}$/)),
  timeLimitMs: v.optional(milliseconds(most.limitMs)),
  graceMs: milliseconds(most.graceMs),
});
/** An order as it goes over the wire; queues are the daemon's own. */
export type WireOrder = v.InferOutput<typeof orderSchema>;

const runSchema = v.strictObject({ run: orderSchema });
const signalSchema = v.strictObject({ signal: v.picklist(["stop", "kill"]) });
export type HelperRequest = v.InferOutput<typeof runSchema> | v.InferOutput<typeof signalSchema>;

const because = v.picklist(["itself", "stop", "time-limit"]);
const eventSchema = v.union([
  v.strictObject({ pid: v.pipe(v.number(), v.integer(), v.minValue(1)) }),
  v.strictObject({ line: v.string(), from: v.picklist(["stdout", "stderr"] satisfies OutputStream[]) }),
  v.strictObject({
    end: v.variant("kind", [
      v.strictObject({ kind: v.literal("exited"), code: v.number(), because }),
      v.strictObject({ kind: v.literal("killed"), signal: v.string(), because }),
      v.strictObject({ kind: v.literal("not-started"), code: v.string(), message: v.string() }),
    ]) satisfies v.GenericSchema<ProcessEnd>,
    isOutputCut: v.boolean(),
  }),
]);
export type HelperEvent = v.InferOutput<typeof eventSchema>;

export function wireOrder(order: ProcessOrder, defaultGraceMs: number): WireOrder {
  const { name, argv, environment = {}, folder = "/", input = "", timeLimitMs, graceMs = defaultGraceMs } = order;
  return {
    ...{ name: name.slice(0, 200), argv: [...argv], environment: { ...environment }, folder, graceMs },
    input: Buffer.from(input).toString("base64"),
    ...(timeLimitMs !== undefined && { timeLimitMs }),
  };
}

export const encodeMessage = (message: HelperRequest | HelperEvent): string => `${JSON.stringify(message)}\n`;
/** Throws DaemonError InvalidArguments that says which field is wrong. */
export function parseRequest(line: string): HelperRequest {
  const value = parseJson(line);
  const isSignal = typeof value === "object" && value !== null && "signal" in value;
  return isSignal ? checked(signalSchema, value) : checked(runSchema, value);
}
/** As {@link parseRequest}. */
export const parseEvent = (line: string): HelperEvent => checked(eventSchema, parseJson(line));

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    // The reason of the parser quotes the line, which may hold a secret.
    throw new DaemonError("InvalidArguments", "no message: it is no JSON");
  }
}
function checked<T>(schema: v.GenericSchema<unknown, T>, value: unknown): T {
  const result = v.safeParse(schema, value, { abortEarly: true });
  if (result.success) return result.output;
  const path = v.getDotPath(result.issues[0]) ?? "it";
  throw new DaemonError("InvalidArguments", `no message: ${path} is not as it must be`);
}

/** Cuts the bytes of a connection into lines; one that is longer than any message is a fault of the other end. */
export class MessageLines {
  #rest = Buffer.alloc(0);

  /** Throws DaemonError InvalidArguments. */
  take(chunk: Buffer): readonly string[] {
    const lines: string[] = [];
    let bytes = Buffer.concat([this.#rest, chunk]);
    for (let end = bytes.indexOf("\n"); end >= 0; end = bytes.indexOf("\n")) {
      lines.push(bytes.toString("utf8", 0, end));
      bytes = bytes.subarray(end + 1);
    }
    if (bytes.length > longestLine || lines.some((line) => line.length > longestLine)) {
      throw new DaemonError("InvalidArguments", `no message: it is longer than ${longestLine} bytes`);
    }
    this.#rest = bytes;
    return lines;
  }
}
