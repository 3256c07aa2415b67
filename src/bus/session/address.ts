/** A place where a message bus may listen: the path of a socket, beginning with NUL for an abstract one. */
export interface BusSocket {
  readonly path: string;
  /** The address as it was given, for people. */
  readonly text: string;
}

/**
 * The sockets of a D-Bus address (specification, "Server Addresses"), in the order to try them: `unix:path=` and
 * `unix:abstract=`. Throws when nothing in it can be connected to, naming each part and why.
 */
export function parseAddress(address: string): readonly BusSocket[] {
  const refused: string[] = [];
  const sockets: BusSocket[] = [];
  for (const text of address.split(";")) {
    if (text === "") continue;
    const found = parseOne(text);
    if (typeof found === "string") refused.push(`${text}: ${found}`);
    else sockets.push(found);
  }
  if (sockets.length > 0) return sockets;
  throw new Error(refused.length > 0 ? `bus address ${refused.join("; ")}` : "the bus address is empty");
}

/** A string names the fault. */
function parseOne(text: string): BusSocket | string {
  const colon = text.indexOf(":");
  if (colon < 0) return "no transport before a colon";
  const transport = text.slice(0, colon);
  if (transport !== "unix") return `transport ${transport} is not supported, only unix`;
  const keys = parseKeys(text.slice(colon + 1));
  if (typeof keys === "string") return keys;
  const path = keys.get("path");
  const abstract = keys.get("abstract");
  if ((path === undefined) === (abstract === undefined)) return "needs either path= or abstract=";
  // sockaddr_un has room for 108 bytes, the leading or ending NUL included; longer ones would be cut without a word.
  if (Buffer.byteLength(path ?? (abstract as string)) > 107) return "socket path longer than 107 bytes";
  return { path: path ?? `\0${abstract}`, text };
}

function parseKeys(text: string): ReadonlyMap<string, string> | string {
  const keys = new Map<string, string>();
  for (const pair of text.split(",")) {
    const equals = pair.indexOf("=");
    if (equals <= 0) return `no key=value in ${JSON.stringify(pair)}`;
    const value = unescapeValue(pair.slice(equals + 1));
    if (value === undefined || value === "") return `bad value of ${pair.slice(0, equals)}`;
    if (keys.has(pair.slice(0, equals))) return `${pair.slice(0, equals)} given twice`;
    keys.set(pair.slice(0, equals), value);
  }
  return keys;
}

function unescapeValue(text: string): string | undefined {
  if (!/^(?:[-0-9A-Za-z_/.\\*]|%[0-9A-Fa-f]{2})*$/.test(text)) return undefined;
  const bytes = Buffer.from(
    text.replace(/%(..)/g, (_all, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
    "latin1",
  );
  return bytes.includes(0) ? undefined : bytes.toString("utf8");
}
