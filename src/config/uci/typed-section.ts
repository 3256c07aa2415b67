import type { OptionTable, ValuesOf } from "./option-types.ts";
import type { UciSection } from "./uci.ts";
import type { UciPlace, UciProblem } from "./uci-words.ts";

const placeOf = ({ line, column }: UciPlace): UciPlace => ({ line, column });
export const error = (place: UciPlace, message: string): UciProblem => ({
  ...placeOf(place),
  severity: "error",
  message,
});
export const note = (place: UciPlace, message: string): UciProblem => ({
  ...placeOf(place),
  severity: "note",
  message,
});

/**
 * The options of a section as plain values. One that is wrong is absent and told with its place; one that the table
 * does not know is noted, unless `isOpen`: then the rest belongs to a program that knows more.
 */
export function readSection<Table extends OptionTable>(
  section: UciSection,
  table: Table,
  problems: UciProblem[],
  { isOpen = false } = {},
): ValuesOf<Table> {
  const values: Record<string, unknown> = {};
  for (const option of section.options.values()) {
    const type = Object.hasOwn(table, option.name) ? table[option.name] : undefined;
    if (!type) {
      if (!isOpen) problems.push(note(option, `${section.label}: unknown option ${option.name}`));
      continue;
    }
    const reading = type.read(option.values, option.isList);
    if ("wrong" in reading) problems.push(error(option, `${section.label}: ${option.name} ${reading.wrong}`));
    else {
      values[option.name] = reading.value;
      if (type.isWithoutEffect) problems.push(note(option, `${section.label}: ${option.name} has no effect yet`));
    }
  }
  return values as ValuesOf<Table>;
}
