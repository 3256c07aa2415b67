/**
 * Node's flags in a launcher's text, for this version of Node ("v24.1.0"): those of its first line, or of the shell's
 * table in it. V8 refuses a code cache that was recorded with others. `accepts(flags)`: whether this Node starts with
 * them.
 */
export function flagsFor(launcher, version, accepts) {
  const words = (text) => (text === undefined || text === "" ? [] : text.split(" "));
  const inFirstLine = /^#!.* node( --.*)?$/m.exec(launcher);
  if (inFirstLine) return words(inFirstLine[1]?.trim());
  const [major] = version.split(".", 1);
  const safe = words(/^safe="(.*)"$/m.exec(launcher)?.[1]);
  const measured = words(new RegExp(`^ +${major}\\.\\*\\) measured="(.*)" ;;$`, "m").exec(launcher)?.[1]);
  return accepts([...safe, ...measured]) ? [...safe, ...measured] : safe;
}
