/** Words of a command line as a value of the bus, by the property's D-Bus type. */
import type { WireVariant } from "../../base/property.ts";
import { isObjectPath } from "../../bus/wire/names.ts";
import { type Failure, usageFailure } from "../failure.ts";
import { quoted } from "../view/object-names.ts";
import type { Properties } from "../view/snapshot.ts";

export interface Wanted {
  readonly property: string;
  readonly signature: string;
  /** The property's present value; tells the types of a dictionary's values. */
  readonly current: unknown;
}

type Parse = (text: string, wanted: Wanted) => unknown;

const booleans: Readonly<Record<string, boolean>> = {
  true: true,
  yes: true,
  on: true,
  "1": true,
  false: false,
  no: false,
  off: false,
  "0": false,
};

const ranges: Readonly<Record<string, readonly [low: bigint, high: bigint]>> = {
  y: [0n, 0xffn],
  n: [-0x8000n, 0x7fffn],
  q: [0n, 0xffffn],
  i: [-0x80000000n, 0x7fffffffn],
  u: [0n, 0xffffffffn],
  x: [-(2n ** 63n), 2n ** 63n - 1n],
  t: [0n, 2n ** 64n - 1n],
};

const scalars: Readonly<Record<string, Parse>> = {
  s: (text) => text,
  o: (text, wanted) => (isObjectPath(text) ? text : refuse(wanted, "an object path", text)),
  b: (text, wanted) => {
    const word = text.toLowerCase();
    return Object.hasOwn(booleans, word) ? booleans[word] : refuse(wanted, "true or false", text);
  },
  ay: (text, wanted) =>
    /^([0-9a-f]{2})*$/i.test(text) ? Buffer.from(text, "hex") : refuse(wanted, "bytes as hexadecimal digits", text),
  ...Object.fromEntries(Object.keys(ranges).map((code) => [code, integer(code)])),
};

function integer(code: string): Parse {
  const [low, high] = ranges[code] as readonly [bigint, bigint];
  return (text, wanted) => {
    const value = /^-?\d{1,20}$/.test(text) ? BigInt(text) : undefined;
    if (value === undefined || value < low || value > high)
      refuse(wanted, `a whole number from ${low} to ${high}`, text);
    return code === "x" || code === "t" ? value : Number(value);
  };
}

/**
 * Throws a usage {@link Failure} for words that are no value of the type. Lists are given as `a,b` or as several words,
 * a comma inside is written `\,`; dictionaries as `key=value` words.
 */
export function parseValue(words: readonly string[], wanted: Wanted): unknown {
  const { signature, property } = wanted;
  const scalar = scalars[signature];
  if (scalar) {
    if (words.length !== 1) throw usageFailure(`${property} takes one value; a value with blanks has to be quoted`);
    return scalar(words[0] as string, wanted);
  }
  const element = signature.startsWith("a") ? scalars[signature.slice(1)] : undefined;
  if (element) return words.flatMap(splitList).map((item) => element(item, wanted));
  if (signature === "a{ss}") return new Map(words.map((word) => pairOf(word, wanted)));
  if (signature === "a{sv}") return new Map(words.map((word) => variantPair(word, wanted)));
  throw usageFailure(`${property} has type ${quoted(signature)}, which cannot be given on a command line`);
}

/** `a,b\,c` -> `a` and `b,c`; nothing -> no items. A backslash before anything else stands for itself. */
export function splitList(text: string): string[] {
  if (text === "") return [];
  const items = [""];
  const append = (part: string) => items.push(`${items.pop()}${part}`);
  for (let at = 0; at < text.length; at++) {
    const next = text[at + 1];
    if (text[at] === "\\" && (next === "," || next === "\\")) {
      append(next);
      at++;
    } else if (text[at] === ",") items.push("");
    else append(text[at] as string);
  }
  return items;
}

function pairOf(word: string, { property }: Wanted): [string, string] {
  const equals = word.indexOf("=");
  if (equals > 0) return [word.slice(0, equals), word.slice(equals + 1)];
  throw usageFailure(`${property} takes key=value, not ${quoted(word)}`);
}

/** A key that is there already keeps its type; others become text. */
function variantPair(word: string, wanted: Wanted): [string, WireVariant] {
  const [key, text] = pairOf(word, wanted);
  const before = wanted.current instanceof Map ? (wanted.current as Properties).get(key) : undefined;
  const signature = before?.signature ?? "s";
  return [
    key,
    { signature, value: parseValue([text], { property: `${wanted.property} ${key}`, signature, current: undefined }) },
  ];
}

function refuse({ property }: Wanted, expected: string, text: string): never {
  throw usageFailure(`${property} takes ${expected}, not ${quoted(text)}`) satisfies Failure;
}
