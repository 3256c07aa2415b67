/**
 * Takes secrets out of logs and dumps. By name only: a value says nothing of itself. Rather a harmless word too much is
 * hidden than a passphrase shown.
 */
export const redacted = "[redacted]";

/** Anywhere in a name, after its separators and capitals are gone. */
const secretParts =
  /passphrase|password|passwd|passcode|psk|secret|privatekey|preshared|wepkey|saekey|credential|accesstoken|authtoken|pincode|updatekey/;
/** Only as a word of their own: `pin` is part of `ping` and `mapping`. */
const secretWords = /^(?:(?:sim|eap|old|new|current|unblock)?(?:pin|puk)\d?|pass|otp|token)$/;
/** One of these is in each of those words. */
const partOfSecretWord = /pin|puk|pass|otp|token/;

const deepest = 8;
const mostEntries = 1000;

/**
 * Whether a property, option or variable of this name holds a secret: `EAP.Password`, `wireguard_private_key`, `PIN`.
 */
export function isSecretName(name: string): boolean {
  const letters = name.toLowerCase().replace(/[^a-z\d]+/g, "");
  if (secretParts.test(letters)) return true;
  // Most names end here: each line of the log has some, and none of them is a secret's.
  if (!partOfSecretWord.test(letters)) return false;
  const words = name.replace(/([a-z\d])([A-Z])/g, "$1 $2").toLowerCase();
  return words.split(/[^a-z\d]+/).some((word) => secretWords.test(word));
}

/** A private key is usable without a name, so it is hidden under any name. */
const privateKey = /-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----/;

/**
 * Whether a value of this name is a secret, or holds one somewhere: in lists, objects and pairs however deep, and in
 * text that is JSON or has `name = value` in it. Nothing and yes-or-no are none; a value that is too deep counts as
 * one.
 */
export function holdsSecret(name: string, value: unknown, depth = 0): boolean {
  if (value === undefined || value === null || typeof value === "boolean") return false;
  if (isSecretName(name) || depth >= deepest) return true;
  if (typeof value === "string") return textHoldsSecret(value, depth);
  if (Array.isArray(value)) return listHoldsSecret(value, depth + 1);
  if (typeof value !== "object") return false;
  return Object.entries(value).some(([key, item]) => holdsSecret(key, item, depth + 1));
}
const listHoldsSecret = (items: readonly unknown[], depth: number): boolean =>
  items.some((item) => holdsSecret("", item, depth)) ||
  (items.length === 2 && typeof items[0] === "string" && holdsSecret(items[0], items[1], depth));

function textHoldsSecret(text: string, depth: number): boolean {
  if (privateKey.test(text) || redactText(text) !== text) return true;
  return /^\s*[[{]/.test(text) && holdsSecret("", parsed(text), depth + 1);
}
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** A copy without secrets: in objects, Maps, pairs and `{ name, value }` records, however deep. */
export function redactFields(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return redactObject(fields, 0);
}

function redactValue(value: unknown, depth: number): unknown {
  if (typeof value === "string") return redactText(value);
  if (typeof value !== "object" || value === null) return value;
  if (value instanceof Error || ArrayBuffer.isView(value)) return value;
  if (depth >= deepest) return "[too deep]";
  if (value instanceof Map) return redactMap(value, depth);
  if (value instanceof Set) return [...value].slice(0, mostEntries).map((item) => redactValue(item, depth + 1));
  if (Array.isArray(value)) return redactArray(value, depth);
  return redactObject(value as Readonly<Record<string, unknown>>, depth);
}

/** The value of a secret name: nothing and yes-or-no may be shown (`hasPassphrase: true`). */
const hide = (value: unknown): unknown =>
  value === undefined || value === null || typeof value === "boolean" ? value : redacted;

function redactObject(object: Readonly<Record<string, unknown>>, depth: number): Record<string, unknown> {
  const result: Record<string, unknown> = Object.create(null);
  const name = object.name ?? object.key ?? object.property;
  const isSecretRecord = typeof name === "string" && isSecretName(name);
  for (const [key, value] of Object.entries(object).slice(0, mostEntries)) {
    const isSecret = isSecretName(key) || (isSecretRecord && key === "value");
    result[key] = isSecret ? hide(value) : redactValue(value, depth + 1);
  }
  return result;
}

function redactMap(map: ReadonlyMap<unknown, unknown>, depth: number): Map<unknown, unknown> {
  const entries = [...map].slice(0, mostEntries);
  return new Map(entries.map(([key, value]) => [key, redactPaired(key, value, depth + 1)]));
}

/** `["Passphrase", "..."]` is a pair. */
function redactArray(items: readonly unknown[], depth: number): unknown[] {
  if (items.length === 2) return [redactValue(items[0], depth + 1), redactPaired(items[0], items[1], depth + 1)];
  return items.slice(0, mostEntries).map((item) => redactValue(item, depth + 1));
}

const redactPaired = (key: unknown, value: unknown, depth: number): unknown =>
  typeof key === "string" && isSecretName(key) ? hide(value) : redactValue(value, depth);

/**
 * A name and the sign between it and its value. It is looked for once in each word, however long, not at each letter.
 */
const assignment = /(?<![\w.-])([\w.-]+)["']?\s{0,3}[=:]\s{0,3}/g;
/** Where a value without quotes ends: it may hold spaces and commas itself, as passphrases do. */
const nextAssignment = /[\s,;&]+["']?[\w.-]{1,64}["']?\s{0,3}=|\n/g;
const quoted = /"(?:\\.|[^"\\])*"?|'(?:\\.|[^'\\])*'?/y;

/** Text with the values of `passphrase=...`, `"psk": "..."` and the like hidden; one pass over any text. */
export function redactText(text: string): string {
  let result = "";
  let copied = 0;
  assignment.lastIndex = 0;
  for (let match = assignment.exec(text); match; match = assignment.exec(text)) {
    if (!isSecretName(match[1] ?? "")) continue;
    const valueAt = assignment.lastIndex;
    const end = endOfValue(text, valueAt);
    if (end > valueAt) result += text.slice(copied, valueAt) + redacted;
    else result += text.slice(copied, valueAt);
    copied = end;
    assignment.lastIndex = end;
  }
  return copied === 0 ? text : result + text.slice(copied);
}

function endOfValue(text: string, from: number): number {
  quoted.lastIndex = from;
  if (quoted.test(text)) return quoted.lastIndex;
  nextAssignment.lastIndex = from;
  return nextAssignment.exec(text)?.index ?? text.length;
}
