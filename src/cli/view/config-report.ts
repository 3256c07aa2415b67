/** Problems of a configuration text, as `FILE:LINE:COLUMN`, which editors and people read alike. */
import { closeSync, openSync, readSync } from "node:fs";
import type { WireVariant } from "../../base/property.ts";
import type { NetworkConfig } from "../../config/uci/network-config.ts";
import { uciLimits } from "../../config/uci/uci.ts";
import { usageFailure } from "../failure.ts";

type Problem = NetworkConfig["problems"][number];

export const problemLine = (file: string, { line, column, severity, message }: Problem): string =>
  `${file}:${line}:${column}: ${severity}: ${message}`;
export const errorsAmong = (problems: readonly Problem[]): number =>
  problems.filter(({ severity }) => severity === "error").length;

export interface ConfigChange {
  readonly section: string;
  readonly action: string;
  readonly options: readonly string[];
}
type Dictionary = ReadonlyMap<string, WireVariant>;

/** The daemon's answer. */
export function reportOf([problems, changes]: readonly unknown[]): { problems: Problem[]; changes: ConfigChange[] } {
  return {
    problems: (problems as Dictionary[]).map((of) => ({
      line: Number(of.get("Line")?.value),
      column: Number(of.get("Column")?.value),
      severity: of.get("Severity")?.value === "error" ? "error" : "note",
      message: String(of.get("Message")?.value),
    })),
    changes: (changes as Dictionary[]).map((of) => ({
      section: String(of.get("Section")?.value),
      action: String(of.get("Action")?.value),
      options: (of.get("Options")?.value ?? []) as string[],
    })),
  };
}
export const changeLine = ({ section, action, options }: ConfigChange): string =>
  `${section}: ${action}${options.length > 0 ? ` (${options.join(", ")})` : ""}`;

/** A pipe does as well as a file. Never more than one byte beyond the limit is read, which the reader then tells. */
export function readConfigText(path: string): string {
  try {
    return readAtMost(path, uciLimits.bytes + 1).toString("utf8");
  } catch (error) {
    throw usageFailure(`${path} cannot be read: ${systemSentence(error as Error)}`);
  }
}
/** Without the code before it, and the call behind it. */
const systemSentence = ({ message }: Error): string => /^[A-Z0-9]+: ([^,]*), /.exec(message)?.[1] ?? message;
function readAtMost(path: string, mostBytes: number): Buffer {
  const buffer = Buffer.alloc(mostBytes);
  const descriptor = openSync(path, "r");
  try {
    let length = 0;
    for (let got = -1; got !== 0 && length < mostBytes; length += got) {
      got = readSync(descriptor, buffer, length, mostBytes - length, null);
    }
    return buffer.subarray(0, length);
  } finally {
    closeSync(descriptor);
  }
}
