/**
 * Domain names that arrive in options. They end in files and in other programs' hands, so only plain host-name
 * characters pass.
 */

/** RFC 1035, 2.3.4. */
const longestName = 253;
const longestLabel = 63;
/** Resolvers look at few; a hostile list must not fill a file. */
const mostSearchDomains = 32;
const label = /^[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?$/;

/** Letters, digits, hyphens and underscores in labels of 1 to 63, at most 253 in all, no dot at the end. */
export function isDomainName(name: string): boolean {
  return name.length > 0 && name.length <= longestName && name.split(".").every(isLabel);
}
const isLabel = (text: string): boolean => text.length <= longestLabel && label.test(text);

/**
 * Option 119 (RFC 3397): names in DNS wire form that may point back into the option itself. Undefined when the data is
 * malformed; names with characters that no host name has are left out.
 */
export function decodeSearchList(data: Buffer): readonly string[] | undefined {
  const names = new Set<string>();
  for (let at = 0; at < data.length && names.size < mostSearchDomains; ) {
    const name = readName(data, at);
    if (!name) return undefined;
    if (isDomainName(name.text)) names.add(name.text);
    at = name.next;
  }
  return [...names];
}

/** A pointer must lead to before the place where it stands, and each one further back: so there are no loops. */
function readName(data: Buffer, start: number): { readonly text: string; readonly next: number } | undefined {
  const labels: string[] = [];
  let next: number | undefined;
  for (let at = start, length = 0, limit = start; ; ) {
    const head = data[at];
    if (head === undefined) return undefined;
    if (head === 0) return { text: labels.join("."), next: next ?? at + 1 };
    if (head >= 0xc0) {
      const target = ((head & 0x3f) << 8) | (data[at + 1] ?? 0xff);
      if (at + 1 >= data.length || target >= limit) return undefined;
      next ??= at + 2;
      limit = target;
      at = target;
      continue;
    }
    if (head > longestLabel || at + 1 + head > data.length) return undefined;
    length += head + 1;
    if (length > longestName + 1) return undefined;
    labels.push(data.toString("latin1", at + 1, at + 1 + head));
    at += head + 1;
  }
}
