/** A scenario's wishes for its guest; a scenario's folder states them in `guest.ts`. */
export interface Guest {
  /** "systemd": a whole booted system with bus, logind and udev. "bare": one shell script; half the time to start. */
  readonly init: "systemd" | "bare";
  /** Simulated radios that are there from the start; all hear each other. Default 0. */
  readonly radios?: number;
  /** Kernel modules to insert; those of links are inserted by the kernel itself when a link of the kind is made. */
  readonly modules?: readonly string[];
  /** For the steps, from their first line to their last. Default {@link defaultLimitSeconds}. */
  readonly limitSeconds?: number;
}

/** The first program of each kind of guest. */
export const inits: Readonly<Record<Guest["init"], string>> = {
  systemd: "/lib/systemd/systemd",
  bare: "/usr/lib/fairlead-vm/init",
};

/**
 * Thirty times the time of a scenario on two idle cores: CI machines are shared, and may do much else at the same time.
 */
export const defaultLimitSeconds = 240;
/** For the time before and after the steps; a few seconds on an idle machine. */
export const bootLimitSeconds = 120;
