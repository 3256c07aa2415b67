/** How the text of an option becomes a plain value, each kind once; the rules of conversion are netifd's. Pure. */
import { isLinkName } from "../../base/names.ts";

/** `wrong` completes the sentence "NAME ...". It never holds the text of an option whose value may be secret. */
export type Reading<T> = { readonly value: T } | { readonly wrong: string };

export interface OptionType<T> {
  read(values: readonly string[], isList: boolean): Reading<T>;
  /** Read and checked, and nothing is done with it yet. */
  readonly isWithoutEffect?: true;
}
// biome-ignore lint/suspicious/noExplicitAny: each option of a table has its own type
export type OptionTable = Readonly<Record<string, OptionType<any>>>;
/** The values of a section that is read by the table; missing and faulty ones are absent. */
export type ValuesOf<Table extends OptionTable> = {
  readonly [Name in keyof Table]?: Table[Name] extends OptionType<infer T> ? T : never;
};

const shown = (text: string): string => JSON.stringify(text.slice(0, 60));

function scalar<T>(read: (text: string) => Reading<T>): OptionType<T> {
  return {
    read: ([text = "", ...more], isList) =>
      isList || more.length > 0 ? { wrong: "takes one value, and a list was given" } : read(text),
  };
}
const checked = (rule: string, isRight: (text: string) => boolean): OptionType<string> =>
  scalar((text) => (isRight(text) ? { value: text } : { wrong: `${rule}, not ${shown(text)}` }));

/**
 * "yes" and "on" are for shell scripts; here they would be dropped in silence by the programs that the file is written
 * for.
 */
export const truth: OptionType<boolean> = scalar((text) => {
  if (text === "1" || text === "true") return { value: true };
  if (text === "0" || text === "false") return { value: false };
  return { wrong: `is 1, 0, true or false, not ${shown(text)}` };
});

/** Decimal, 0x and hexadecimal, or 0 and octal, as strtol(3) has it with base 0; the whole text. */
export const whole = (least: number, most: number): OptionType<number> =>
  scalar((text) => {
    const value = parseWhole(text);
    const isRight = value !== undefined && value >= least && value <= most;
    return isRight ? { value } : { wrong: `is a whole number from ${least} to ${most}, not ${shown(text)}` };
  });
function parseWhole(text: string): number | undefined {
  const [, sign, digits = ""] = /^([+-]?)(0x[\da-f]+|0[0-7]*|[1-9]\d*)$/i.exec(text) ?? [];
  if (digits === "") return undefined;
  const value = /^0[0-7]/.test(digits) ? Number.parseInt(digits, 8) : Number(digits);
  return sign === "-" ? -value : value;
}

export const text: OptionType<string> = scalar((value) => ({ value }));
/** One line of 1 to `most` bytes; it may be a secret. */
export const line = (most: number): OptionType<string> =>
  scalar((value) =>
    value !== "" && Buffer.byteLength(value) <= most && !/\p{Cc}/u.test(value)
      ? { value }
      : { wrong: `is one line of 1 to ${most} bytes` },
  );
/**
 * `5`, `5 1` or `5,1`: unanswered questions until the other end counts as gone (0: none is asked), and seconds between
 * two.
 */
export const keepalive: OptionType<Keepalive> = scalar((value) => {
  const [, failures = "", seconds = "5"] = /^(\d{1,4})(?:[ ,]+(\d{1,4}))?$/.exec(value) ?? [];
  if (failures === "" || Number(seconds) === 0) {
    return { wrong: `is a number of failures and, after a blank, one of seconds, not ${shown(value)}` };
  }
  return { value: { failures: Number(failures), intervalSeconds: Number(seconds) } };
});
export interface Keepalive {
  readonly failures: number;
  readonly intervalSeconds: number;
}
export const oneOf = (...words: readonly string[]): OptionType<string> =>
  checked(`is one of ${words.join(", ")}`, (value) => words.includes(value));
export const linkName: OptionType<string> = checked(
  "is a link's name of 1 to 15 bytes, without blanks, '/' and ':'",
  isLinkName,
);
/** Also `@wan`: the link that another interface uses. */
export const isLinkOrAlias = (value: string): boolean => isLinkName(value.replace(/^@/, ""));
export const linkOrAlias: OptionType<string> = checked(
  "is a link's name of 1 to 15 bytes, or @ and an interface",
  isLinkOrAlias,
);
export const mac: OptionType<string> = scalar((value) =>
  /^[\da-f]{2}(:[\da-f]{2}){5}$/i.test(value)
    ? { value: value.toLowerCase() }
    : { wrong: `is a MAC address, not ${shown(value)}` },
);

/** Items of a list, or an option with blanks between. One wrong item makes all of it wrong: half a list is a guess. */
export function list<T>(item: OptionType<T>): OptionType<readonly T[]> {
  return {
    read: (values, isList) => {
      const items = isList ? values : values.flatMap((value) => value.split(/[ \t]+/).filter((word) => word !== ""));
      const readings = items.map((one) => item.read([one], false));
      const wrong = readings.find((reading) => "wrong" in reading);
      if (wrong && "wrong" in wrong) return wrong;
      return { value: readings.flatMap((reading) => ("value" in reading ? [reading.value] : [])) };
    },
  };
}
/** For an option that the language has and this program does not follow yet: its author is told. */
export const later = <T>(type: OptionType<T>): OptionType<T> => ({ ...type, isWithoutEffect: true });
