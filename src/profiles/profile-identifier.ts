import { join } from "node:path";
import { DaemonError } from "../base/errors.ts";

/**
 * A Profile's name: `name` for one of the machine, `~user/name` for one of a user (docs/contract/shill.md, Profiles).
 */
export interface ProfileIdentifier {
  /** Undefined: of the machine. */
  readonly user: string | undefined;
  readonly name: string;
}

/** Where Profiles live. */
export interface ProfileFolders {
  readonly stateDir: string;
  readonly runDir: string;
}

/**
 * ASCII only: the parts become file names and elements of D-Bus paths. 64: no honest user or profile name is longer.
 */
const part = "[A-Za-z0-9]{1,64}";
const pattern = new RegExp(`^(?:~(?<user>${part})/)?(?<name>${part})$`);

export const defaultProfile: ProfileIdentifier = { user: undefined, name: "default" };

/** Throws DaemonError InvalidArguments. */
export function parseProfileIdentifier(text: string): ProfileIdentifier {
  const { user, name } = pattern.exec(text)?.groups ?? {};
  if (name !== undefined) return { user, name };
  throw new DaemonError("InvalidArguments", `Invalid profile name ${JSON.stringify(text.slice(0, 200))}`);
}

export const formatProfileIdentifier = ({ user, name }: ProfileIdentifier): string =>
  user === undefined ? name : `~${user}/${name}`;

export const isSameProfile = (a: ProfileIdentifier, b: ProfileIdentifier): boolean =>
  a.user === b.user && a.name === b.name;

/** The D-Bus object path. */
export const profilePath = ({ user, name }: ProfileIdentifier): string =>
  user === undefined ? `/profile/${name}` : `/profile/${user}/${name}`;

/** The folder of the machine's Profiles; made when missing. */
export const machineProfileFolder = ({ stateDir }: ProfileFolders): string => join(stateDir, "profiles");

/** A user's folder is a link that the login hook makes; it is never made here. */
export const profileLocation = (folders: ProfileFolders, { user, name }: ProfileIdentifier): string =>
  user === undefined
    ? join(machineProfileFolder(folders), `${name}.db`)
    : join(folders.runDir, "user_profiles", user, `${name}.db`);
