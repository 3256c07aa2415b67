/** fairlead-helper: arguments, the socket, exit code. */
import { chownSync, writeSync } from "node:fs";
import { ProcessClock } from "../base/clock.ts";
import { describeError } from "../base/errors.ts";
import { LogControl, type LogSink } from "../base/log.ts";
import { uidOfAccount } from "../system/accounts.ts";
import { ChildProcesses } from "../system/child-processes.ts";
import { journalLine, plainLine } from "../system/log-line.ts";
import { programEnvironment } from "../system/processes.ts";
import { type HelperArguments, helperHelp, parseHelperArguments } from "./helper-arguments.ts";
import { HelperService } from "./helper-service.ts";
import { TaskGrants } from "./task-grants.ts";

const exitCodes = { ok: 0, unavailable: 1, usage: 2 } as const;
/** The first descriptor that systemd passes (sd_listen_fds(3)). */
const firstPassedFd = 3;
/** Processes that a program left running outside its group go with the unit, so the unit is not to wait for long. */
const idleMs = 10_000;

/** Few lines, and each must be there when the program ends. */
const standardError: LogSink = {
  write: (level, scope, message, fields, at = Date.now()) => {
    const line = process.env.JOURNAL_STREAM ? journalLine : plainLine;
    writeSync(2, `${line({ level, scope, message, fields, at }, false)}\n`);
  },
};

async function run({ folders, user, socket }: HelperArguments): Promise<void> {
  const clock = new ProcessClock();
  const log = new LogControl(standardError).scope("helper");
  const uid = await uidOfAccount(user);
  if (uid === undefined) log.warn(`there is no account ${user}: root alone may connect`);
  const service = new HelperService({
    ...{ clock, log, idleMs },
    processes: new ChildProcesses(clock),
    rule: { folders, grants: new TaskGrants(clock, programEnvironment) },
    uids: new Set(uid === undefined ? [] : [uid]),
    onIdle: () => process.exit(exitCodes.ok),
  });
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.on(signal, () => void service.close().then(() => process.exit(exitCodes.ok)));
  }
  if (socket === undefined) await service.start({ fd: passedSocket() });
  else await listenAt(socket, service, uid ?? 0);
}

/** As the unit's socket: for the daemon's account alone. */
async function listenAt(path: string, service: HelperService, uid: number): Promise<void> {
  const mask = process.umask(0o177);
  const started = service.start({ path });
  process.umask(mask);
  await started;
  if (process.geteuid?.() === 0) chownSync(path, uid, 0);
}

function passedSocket(): number {
  const { LISTEN_PID: pid, LISTEN_FDS: count } = process.env;
  if (Number(pid) === process.pid && count === "1") return firstPassedFd;
  throw new Error("systemd has passed no socket; --socket PATH makes one");
}

function main(): void {
  try {
    const wish = parseHelperArguments(process.argv.slice(2));
    if (wish) run(wish).catch((error: unknown) => end(exitCodes.unavailable, error));
    else process.stdout.write(helperHelp);
  } catch (error) {
    end(exitCodes.usage, error);
  }
}
function end(code: number, error: unknown): void {
  writeSync(2, `fairlead-helper: ${describeError(error)}\n`);
  process.exit(code);
}

main();
