/** How many cases a test of random input runs; continuous integration asks for many more than a developer waits for. */
export const fuzzRuns = Number(process.env.FAIRLEAD_FUZZ_RUNS ?? 300);
