/**
 * Programs that fairlead-helper runs as root, and their environment, for a daemon that may have been taken over
 * (docs/decisions/programs-of-root.md).
 */
import { existsSync } from "node:fs";
import { basename, dirname } from "node:path";
import { programEnvironment } from "../system/processes.ts";
import { folderFault, programFault } from "../system/trusted-file.ts";
import type { WireOrder } from "./helper-messages.ts";
import { type TaskGrants, taskKeyVariable } from "./task-grants.ts";

/** `code`: the name of a system error, for {@link ProcessEnd}. */
export interface Refusal {
  readonly code: "EPERM" | "ENOENT";
  readonly message: string;
}
/** `environment`: that of the program. A task is the handler's alone: the daemon has no input for it. */
export type Verdict =
  | { readonly refusal: Refusal }
  | { readonly environment: Readonly<Record<string, string>>; readonly isTask: boolean };

export interface RunRule {
  /** Absolute, without `/` at the end. */
  readonly folders: readonly string[];
  readonly grants: TaskGrants;
}

/**
 * Variables that say how a program is to load or to run (LD_PRELOAD, BASH_ENV, PYTHONPATH) are endless; these are
 * harmless.
 */
const allowedVariable = /^(ERROR|FAIRLEAD_[A-Z_]{1,40})$/;
const longestValue = 4096;

/** Looks at the files as they are now; a grant that fits is used up. */
export function judge(order: WireOrder, { folders, grants }: RunRule): Verdict {
  const [program] = order.argv;
  // The handler's own choice where it is a task, the daemon's never.
  const chosen = { ...programEnvironment, ...order.environment };
  const isTask = grants.take(order.argv, chosen);
  const environment = isTask ? chosen : { ...order.environment, ...programEnvironment };
  const fault =
    (isTask ? undefined : (placeFault(program, folders) ?? variableFault(order.environment))) ??
    folderFault(order.folder);
  if (fault !== undefined) return refuse("EPERM", fault);
  if (!existsSync(program)) return refuse("ENOENT", `${program} does not exist`);
  const untrusted = programFault(program);
  return untrusted === undefined ? { environment, isTask } : refuse("EPERM", untrusted);
}
const refuse = (code: Refusal["code"], message: string): Verdict => ({ refusal: { code, message } });

function placeFault(program: string, folders: readonly string[]): string | undefined {
  const folder = dirname(program);
  // As written: `..` and `//` would name the same file in other words.
  if (folders.includes(folder) && program === `${folder}/${basename(program)}`) return folderFault(folder);
  return `${program} is in none of the folders ${folders.join(", ")}, and no handler has asked for it`;
}

function variableFault(environment: Readonly<Record<string, string>>): string | undefined {
  for (const [name, value] of Object.entries(environment)) {
    if (Object.hasOwn(programEnvironment, name)) continue;
    const isAllowed = allowedVariable.test(name) && name !== taskKeyVariable;
    if (!isAllowed) return `the variable ${name} is not passed on`;
    if (value.length > longestValue || /\p{Cc}/u.test(value)) return `the value of ${name} is too long, or no text`;
  }
  return undefined;
}
