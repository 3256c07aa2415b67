import fc from "fast-check";

const isHalfOfPair = (code: number): boolean => code >= 0xd800 && code <= 0xdfff;

/** Any character of Unicode. fast-check's "binary" is the same, but lists them all when it is made, for seconds. */
const anyCharacter = fc
  .integer({ min: 0, max: 0x10ffff })
  .filter((code) => !isHalfOfPair(code))
  .map(
    (code) => String.fromCodePoint(code),
    (text) => {
      if (typeof text !== "string" || [...text].length !== 1) throw new Error("no character");
      return text.codePointAt(0) as number;
    },
  );

/** Text of any characters at all, control characters and those of no script among them. */
export const anyText = (options: Omit<fc.StringConstraints, "unit"> = {}): fc.Arbitrary<string> =>
  fc.string({ ...options, unit: anyCharacter });
