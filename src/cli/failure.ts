/** How a verb ends (the fixed contract of the program, docs/man/fairlead.1). */
export const exitCodes = { ok: 0, refused: 1, usage: 2, notRunning: 3 } as const;
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** Ends the program with one clear message on stderr. `details` are lines below it. */
export class Failure extends Error {
  override readonly name = "Failure";
  constructor(
    readonly exitCode: ExitCode,
    message: string,
    /** The D-Bus name of the daemon's error; empty where it is none of the daemon's. */
    readonly errorName = "",
    readonly details: readonly string[] = [],
  ) {
    super(message);
  }
}

export const usageFailure = (message: string, details: readonly string[] = []): Failure =>
  new Failure(exitCodes.usage, message, "", details);
