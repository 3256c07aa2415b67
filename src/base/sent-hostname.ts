/** One length octet (RFC 2132, 3.14). */
const longestHostname = 255;

/**
 * What keeps a host name from being told to a DHCP server; undefined: nothing. Whatever text fits is sent, be it no host
 * name for the DNS: the server decides what it makes of it. Control characters only do harm in its files.
 */
export function hostnameFault(name: string): string | undefined {
  const length = Buffer.byteLength(name);
  if (length > longestHostname) return `has ${length} bytes; ${longestHostname} can be sent`;
  return /\p{Cc}/u.test(name) ? "has a control character" : undefined;
}
