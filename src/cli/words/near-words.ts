/** Known words that a mistyped one may stand for. */

/** Those that begin with it, or are one slip away; upper and lower case do not count. */
export function nearWords(word: string, known: readonly string[]): readonly string[] {
  const typed = word.toLowerCase();
  if (typed === "") return [];
  return known.filter((name) => name.toLowerCase().startsWith(typed) || isOneSlip(name.toLowerCase(), typed));
}
export const didYouMean = (near: readonly string[]): string => `did you mean: ${near.join(", ")}`;

/** One letter too many, missing, or another one; or two neighbours in the wrong order. */
function isOneSlip(name: string, word: string): boolean {
  if (Math.abs(name.length - word.length) > 1) return false;
  let start = 0;
  while (start < name.length && name[start] === word[start]) start++;
  const [a, b] = [name.slice(start), word.slice(start)];
  if (a.slice(1) === b || a === b.slice(1) || a.slice(1) === b.slice(1)) return true;
  return a.length > 1 && a[0] === b[1] && a[1] === b[0] && a.slice(2) === b.slice(2);
}
