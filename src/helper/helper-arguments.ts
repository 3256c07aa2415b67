import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { DaemonError, describeError } from "../base/errors.ts";
import { rootModifierFolders } from "./folder-processes.ts";

/** The administrator's, and those that are installed with this program. */
export const defaultHandlerFolders: readonly string[] = [
  "/etc/fairlead/handlers",
  fileURLToPath(new URL("../../handlers", import.meta.url)),
];

/** More folders than any machine keeps programs in. */
const mostFolders = 16;

export interface HelperArguments {
  readonly folders: readonly string[];
  /** The account of the daemon. */
  readonly user: string;
  /** Where to listen; undefined: on the socket that systemd passes. */
  readonly socket: string | undefined;
}

export const helperHelp = `usage: fairlead-helper [OPTION ...]

Runs programs as root for fairleadd, which runs as a user of its own: those that
lie in one of its folders and that root alone can change, and no others.
systemd starts it with the first connection to fairlead-helper.socket.

  --folder DIR     programs in DIR may be run (may be repeated); default:
                   /etc/fairlead/handlers, /etc/fairlead/modifiers and what
                   came with fairleadd
  --user NAME      the daemon's account, which may connect besides root;
                   default fairlead
  --socket PATH    listen there instead of on the socket that systemd passes
  --help           this text

Ends with 0 after ten seconds without a connection, 1 without a socket, 2: usage.
`;

export const helperOptions = {
  folder: { type: "string", multiple: true },
  user: { type: "string", default: "fairlead" },
  socket: { type: "string" },
  help: { type: "boolean" },
} as const;

/** Undefined: the help is asked for. Throws DaemonError InvalidArguments. */
export function parseHelperArguments(args: readonly string[]): HelperArguments | undefined {
  const { values } = parsed(args);
  if (values.help) return undefined;
  const { folder: folders = [...defaultHandlerFolders, ...rootModifierFolders], user, socket } = values;
  if (folders.length > mostFolders) throw refusal(`more than ${mostFolders} folders`);
  if (!folders.every((folder) => folder.startsWith("/"))) throw refusal("--folder needs an absolute path");
  if (!/^[a-z_][a-z0-9_-]{0,31}$/.test(user)) throw refusal("--user needs the name of an account");
  return { folders: folders.map((folder) => resolve(folder)), user, socket };
}

function parsed(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: helperOptions, allowPositionals: false });
  } catch (error) {
    throw refusal(describeError(error));
  }
}
const refusal = (message: string): DaemonError => new DaemonError("InvalidArguments", message);
