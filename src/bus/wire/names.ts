import { isBusNameValid, isInterfaceNameValid, isMemberNameValid } from "dbus-next/lib/validators.js";
import { BoundedCache } from "./bounded-cache.ts";
import { protocolLimits } from "./limits.ts";

/** Names come back with nearly every message; longer ones than a name may be are not worth remembering. */
const remembered = (isValid: (name: string) => boolean): ((name: string) => boolean) => {
  const known = new BoundedCache(isValid);
  return (name) => name.length <= protocolLimits.nameBytes && known.get(name);
};

export const isInterfaceName = remembered(isInterfaceNameValid);
export const isMemberName = remembered(isMemberNameValid);
/** Error names follow the rules of interface names. */
export const isErrorName = isInterfaceName;

/** Looks at each character once and allocates nothing: the path of a stranger may be as long as a message. */
export function isObjectPath(path: string): boolean {
  const length = path.length;
  if (length === 0 || path.charCodeAt(0) !== slash) return false;
  if (length > 1 && path.charCodeAt(length - 1) === slash) return false;
  for (let at = 1; at < length; at++) {
    const code = path.charCodeAt(at);
    if (code === slash ? path.charCodeAt(at - 1) === slash : !isElementCharacter(code)) return false;
  }
  return true;
}
const slash = 0x2f;
const isElementCharacter = (code: number): boolean =>
  (code >= 0x61 && code <= 0x7a) || (code >= 0x41 && code <= 0x5a) || (code >= 0x30 && code <= 0x39) || code === 0x5f;

// dbus-next takes everything that begins with a colon; the bus disconnects a client that sends such a name.
const uniqueNamePattern = /^:[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)+$/;
export const isUniqueName = remembered((name) => uniqueNamePattern.test(name));
export const isWellKnownName = remembered((name) => !name.startsWith(":") && isBusNameValid(name));
export const isBusName = (name: string): boolean => isUniqueName(name) || isWellKnownName(name);

/** The message bus itself, and its interface. */
export const busDaemon = "org.freedesktop.DBus";
export const busDaemonPath = "/org/freedesktop/DBus";
const errorPrefix = "org.freedesktop.DBus.Error.";
/** Full name of one of the standard errors. */
export const standardError = (name: string): string => errorPrefix + name;
