/**
 * A node:test reporter for the runner: one JSON object per line and test. Suites are not tests; a parent that failed
 * only because a subtest did is told once, by the subtest.
 */
const maxErrorCharacters = 6000;

export const errorText = (error) => {
  const cause = error?.cause ?? error;
  const text = cause instanceof Error ? (cause.stack ?? cause.message) : String(cause?.message ?? cause);
  return text.slice(0, maxErrorCharacters);
};

/** Undefined: nothing to tell. */
export function lineFor(kind, data) {
  const { name, skip, todo, details } = data;
  if (details?.type === "suite" && kind === "pass") return undefined;
  const failure = details?.error?.failureType;
  if (kind === "fail" && failure === "subtestsFailed") return undefined;
  const reason = typeof skip === "string" ? skip : undefined;
  if (skip !== undefined && skip !== false) return { kind: "skip", name, reason };
  if (todo !== undefined && todo !== false) return { kind: "skip", name, reason: "marked as to do" };
  if (kind === "pass") return { kind, name, ms: details?.duration_ms };
  return { kind, name, error: errorText(details?.error) };
}

export default async function* report(source) {
  for await (const { type, data } of source) {
    if (type !== "test:pass" && type !== "test:fail") continue;
    const line = lineFor(type.slice("test:".length), data);
    if (line) yield `${JSON.stringify(line)}\n`;
  }
}
