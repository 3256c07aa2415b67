/** CI lets the decoders eat fifty times more than a developer waits for. */
export const fileLimitMs = process.env.FAIRLEAD_FUZZ_RUNS ? 900_000 : 180_000;

/**
 * Results of a file's tests, with a failure in the file's own name where it did not end as it should: `code`, `signal`
 * and `isLate` tell how its process ended, `boundMs` its time limit.
 */
export function judge(tests, { code, signal, isLate }, boundMs) {
  const judged = tests.map((test) =>
    test.kind === "skip" && !test.reason ? { kind: "fail", name: test.name, error: "skipped without a reason" } : test,
  );
  const fail = (error) => [...judged, { kind: "fail", name: "(the file itself)", error }];
  if (isLate) return fail(`did not end within ${boundMs / 1000} s`);
  if (signal) return fail(`was killed by ${signal}`);
  if (code !== 0 && !judged.some(({ kind }) => kind === "fail")) return fail(`ended with exit code ${code}`);
  if (judged.length === 0) return fail("holds no test");
  return judged;
}
