import { BoundedCache } from "./bounded-cache.ts";
import { protocolLimits } from "./limits.ts";
import { WireError } from "./wire-error.ts";

const basicCodes = "ybnqiuxtdsogh";

/** One complete type of a signature (D-Bus specification, "Type System"). */
export type Type =
  | { readonly kind: "basic"; readonly code: string; readonly text: string; readonly alignment: number }
  | { readonly kind: "variant"; readonly text: "v"; readonly alignment: 1 }
  | { readonly kind: "array"; readonly text: string; readonly alignment: 4; readonly element: Type }
  | { readonly kind: "dict"; readonly text: string; readonly alignment: 4; readonly key: Type; readonly value: Type }
  | { readonly kind: "struct"; readonly text: string; readonly alignment: 8; readonly members: readonly Type[] };

const alignments: Readonly<Record<string, number>> = {
  y: 1,
  b: 4,
  n: 2,
  q: 2,
  i: 4,
  u: 4,
  x: 8,
  t: 8,
  d: 8,
  s: 4,
  o: 4,
  g: 1,
  h: 4,
};
const basics = new Map<string, Type>(
  [...basicCodes].map((code) => [code, { kind: "basic", code, text: code, alignment: alignments[code] as number }]),
);
const variant: Type = { kind: "variant", text: "v", alignment: 1 };

/** Far more than a program has; each costs up to 20 kB if a stranger makes it as intricate as can be. */
export const mostSignatures = 128;
const cache = new BoundedCache(parse, mostSignatures);

/**
 * The complete types of a signature, none for "". Throws {@link WireError} for one that the specification does not
 * allow.
 */
export const parseSignature = (signature: string): readonly Type[] => cache.get(signature);

/** The type of a signature that has to hold exactly one. */
export function singleType(signature: string): Type {
  const [type, ...more] = parseSignature(signature);
  if (!type || more.length > 0) throw new WireError(`signature ${quote(signature)} is not one complete type`);
  return type;
}

/** Whether a value of this signature brings file descriptors along. */
export const holdsFileDescriptor = (signature: string): boolean => signature.includes("h");

/** Text of a stranger in a message for people: bounded, on one line. */
export const quote = (text: string): string => JSON.stringify(text.length > 64 ? `${text.slice(0, 61)}...` : text);

function parse(signature: string): readonly Type[] {
  if (signature.length > protocolLimits.signatureBytes) throw new WireError("signature longer than 255 bytes");
  const parser = new SignatureParser(signature);
  const types: Type[] = [];
  while (!parser.isAtEnd) types.push(parser.completeType(0, 0));
  return types;
}

class SignatureParser {
  #at = 0;
  constructor(private readonly text: string) {}

  get isAtEnd(): boolean {
    return this.#at >= this.text.length;
  }
  completeType(arrays: number, structs: number): Type {
    const code = this.text[this.#at++];
    if (code === "v") return variant;
    if (code === "a") return this.#array(arrays + 1, structs);
    if (code === "(") return this.#struct(arrays, structs + 1);
    return (code !== undefined && basics.get(code)) || this.#refuse();
  }
  #array(arrays: number, structs: number): Type {
    if (arrays > protocolLimits.arrayDepth) this.#refuse("arrays nested deeper than 32");
    const start = this.#at - 1;
    if (this.text[this.#at] === "{") return this.#dict(start, arrays, structs);
    const element = this.completeType(arrays, structs);
    return { kind: "array", text: this.text.slice(start, this.#at), alignment: 4, element };
  }
  #dict(start: number, arrays: number, structs: number): Type {
    // A dictionary entry counts as a struct.
    if (structs + 1 > protocolLimits.structDepth) this.#refuse("structs nested deeper than 32");
    this.#at++;
    const key = this.completeType(arrays, structs + 1);
    if (key.kind !== "basic") this.#refuse("a dictionary key is not a basic type");
    const value = this.completeType(arrays, structs + 1);
    if (this.text[this.#at++] !== "}") this.#refuse("a dictionary entry has not two types");
    return { kind: "dict", text: this.text.slice(start, this.#at), alignment: 4, key, value };
  }
  #struct(arrays: number, structs: number): Type {
    if (structs > protocolLimits.structDepth) this.#refuse("structs nested deeper than 32");
    const start = this.#at - 1;
    const members: Type[] = [];
    while (this.text[this.#at] !== ")") members.push(this.completeType(arrays, structs));
    if (members.length === 0) this.#refuse("a struct is empty");
    this.#at++;
    return { kind: "struct", text: this.text.slice(start, this.#at), alignment: 8, members };
  }
  #refuse(why = `unexpected ${this.isAtEnd ? "end" : "character"}`): never {
    throw new WireError(`signature ${quote(this.text)}: ${why}`);
  }
}
