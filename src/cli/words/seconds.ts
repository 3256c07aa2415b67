import { usageFailure } from "../failure.ts";
import { quoted } from "../view/object-names.ts";

const mostSeconds = 86_400;

/** `--wait SECONDS` in milliseconds; undefined without it. Throws a usage Failure outside 0 to a day. */
export function waitMs(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const seconds = /^\d{1,6}(\.\d{1,3})?$/.test(text) ? Number(text) : Number.NaN;
  if (!(seconds >= 0 && seconds <= mostSeconds)) {
    throw usageFailure(`--wait takes seconds from 0 to ${mostSeconds}, not ${quoted(text)}`);
  }
  return seconds * 1000;
}
