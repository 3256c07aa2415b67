/** Names of hosts, domains and links, as far as they are safe to pass on. */

/** Characters, without a final dot (RFC 1035, 2.3.4). */
const longestName = 253;
const label = /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/i;

/**
 * Labels of letters, digits, hyphens and underscores (RFC 1123, 2.1; underscores occur in practice), a final dot
 * allowed. Any other text is an attack: a line break would add lines to a file.
 */
export function isDomainName(name: string): boolean {
  const bare = name.endsWith(".") ? name.slice(0, -1) : name;
  return bare.length > 0 && bare.length <= longestName && bare.split(".").every((part) => label.test(part));
}

/** One length octet (RFC 2132, 3.14). */
const longestHostname = 255;

/**
 * Why a host name is not told to a DHCP server; undefined: it is. Any text that fits is sent, be it no host name for
 * the DNS: the server decides how to treat it. Control characters only do harm in its files.
 */
export function hostnameFault(name: string): string | undefined {
  const length = Buffer.byteLength(name);
  if (length > longestHostname) return `has ${length} bytes; ${longestHostname} can be sent`;
  return /\p{Cc}/u.test(name) ? "has a control character" : undefined;
}

/**
 * Texts that the kernel takes as a link's name (dev_valid_name in net/core/dev.c), without bytes that no terminal
 * shows.
 */
export const isLinkName = (name: string): boolean =>
  /^[^\s/:\p{Cc}\p{Surrogate}]+$/u.test(name) && Buffer.byteLength(name) <= 15 && name !== "." && name !== "..";
