import { BusError, type MatchRule } from "../bus.ts";
import type { Message } from "../wire/message.ts";
import { isBusName, isInterfaceName, isMemberName, isObjectPath, standardError } from "../wire/names.ts";
import { quote } from "../wire/signature.ts";

type Key = keyof MatchRule;
const wireKeys: Readonly<Record<Key, string>> = {
  sender: "sender",
  path: "path",
  pathNamespace: "path_namespace",
  interface: "interface",
  member: "member",
  arg0: "arg0",
};
const isValid: Readonly<Record<Key, (value: string) => boolean>> = {
  sender: isBusName,
  path: isObjectPath,
  pathNamespace: isObjectPath,
  interface: isInterfaceName,
  member: isMemberName,
  arg0: (value) => !value.includes("\0"),
};

/** The rule as AddMatch takes it; equal rules give equal texts. Throws {@link BusError} InvalidArgs. */
export function matchRuleText(rule: MatchRule): string {
  const parts = ["type='signal'"];
  for (const key of Object.keys(wireKeys) as Key[]) {
    const value = rule[key];
    if (value === undefined) continue;
    if (!isValid[key](value)) throw new BusError(standardError("InvalidArgs"), `match rule: ${key} ${quote(value)}`);
    // Inside quotes a backslash is nothing special; only the quote itself has to go outside.
    parts.push(`${wireKeys[key]}='${value.replaceAll("'", "'\\''")}'`);
  }
  return parts.join(",");
}

/**
 * Whether a signal fits all of the rule but its sender, which takes the owners of names. `arg0` reads the body and is
 * asked last.
 */
export function fitsRule(rule: MatchRule, signal: Message, arg0: () => unknown): boolean {
  if (rule.member !== undefined && rule.member !== signal.member) return false;
  if (rule.interface !== undefined && rule.interface !== signal.interface) return false;
  if (rule.path !== undefined && rule.path !== signal.path) return false;
  if (rule.pathNamespace !== undefined && !isWithin(signal.path ?? "", rule.pathNamespace)) return false;
  return rule.arg0 === undefined || arg0() === rule.arg0;
}

const isWithin = (path: string, above: string): boolean =>
  above === "/" || path === above || (path.startsWith(above) && path[above.length] === "/");
