/** Characters, without a final dot (RFC 1035, 2.3.4). */
const longestName = 253;
const label = /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/i;

/**
 * Labels of letters, digits, hyphens and underscores (RFC 1123, 2.1; underscores occur in practice), a final dot
 * allowed. Anything else comes from somebody who means harm: a line break would add lines to a file.
 */
export function isDomainName(name: string): boolean {
  const bare = name.endsWith(".") ? name.slice(0, -1) : name;
  return bare.length > 0 && bare.length <= longestName && bare.split(".").every((part) => label.test(part));
}
