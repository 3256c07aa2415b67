/** One line for the waiting person; progress goes to stderr so that stdout holds the results alone. */
export const say = (line) => process.stderr.write(`${line}\n`);

/** An end that a person can act upon: printed without a stack, exit code 1. */
export class Stop extends Error {}

/** Runs a script's main function; every way out has an exit code and at most one message. */
export function runScript(main) {
  main().then(
    (code) => {
      process.exitCode = code ?? 0;
    },
    (error) => {
      say(error instanceof Stop ? error.message : (error.stack ?? String(error)));
      process.exitCode = 1;
    },
  );
}
