import { execFile } from "node:child_process";

/** A directory server that does not answer must not leave processes behind. */
const limitMs = 5_000;
const mostBytes = 4_096;

/**
 * The number of a Unix account, asked of whatever nsswitch.conf names; undefined: there is none, or nobody could say.
 * Answers later: a directory server may take its time. `name` consists of letters and digits.
 */
export function uidOfAccount(name: string): Promise<number | undefined> {
  return new Promise((resolve) => {
    const options = { timeout: limitMs, maxBuffer: mostBytes, env: { PATH: "/usr/bin:/bin" } };
    execFile("getent", ["passwd", name], options, (error, output) =>
      resolve(error ? undefined : uidOfLine(output, name)),
    );
  });
}

/** getent takes a name of digits for a number: only the account that is called so counts. */
export function uidOfLine(line: string, name: string): number | undefined {
  const [account, , uid] = line.split("\n", 1)[0]?.split(":") ?? [];
  return account === name && uid !== undefined && /^\d{1,10}$/.test(uid) ? Number(uid) : undefined;
}
