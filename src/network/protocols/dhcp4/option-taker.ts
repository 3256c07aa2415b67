import type { Reader } from "./option-values.ts";
import type { RawOptions, RepeatedOptions } from "./options.ts";

/**
 * Finds the usable value of an option that may have come several times. Each way to take says which reading comes
 * first: the value joined of all (RFC 3396), or each by itself.
 */
export class OptionTaker {
  constructor(
    private readonly options: RawOptions,
    private readonly repeats: RepeatedOptions,
    /** Receives a line for each ignored option. */
    private readonly problems: string[],
  ) {}

  /** Of one value: the first that is usable. */
  one<T>(code: number, reader: Reader<T>): T | undefined {
    return this.#take(code, (whole, single) => single.find(isUsable) ?? whole, reader);
  }
  /** Of a list that may be longer than one option: joined, unless only the values by themselves are right. */
  whole<T>(code: number, reader: Reader<T>, merge: (...values: T[]) => T): T | undefined {
    const choose = (whole: Reading<T>, single: readonly Reading<T>[]) =>
      isUsable(whole) && whole.notes.length === 0 ? whole : (merged(single, merge) ?? whole);
    return this.#take(code, choose, reader);
  }
  /** Of a short list: each by itself, as joining would make one word of two. */
  apart<T>(code: number, reader: Reader<T>, merge: (...values: T[]) => T): T | undefined {
    return this.#take(code, (whole, single) => merged(single, merge) ?? whole, reader);
  }

  #take<T>(
    code: number,
    choose: (whole: Reading<T>, single: readonly Reading<T>[]) => Reading<T>,
    reader: Reader<T>,
  ): T | undefined {
    const data = this.options.get(code);
    if (data === undefined) return undefined;
    const repeated = this.repeats.get(code);
    const whole = readingOf(data, reader);
    const { value, notes } = repeated
      ? choose(
          whole,
          repeated.map((part) => readingOf(part, reader)),
        )
      : whole;
    if (value === undefined) this.problems.push(`option ${code} is malformed or of no use`);
    else for (const note of notes) this.problems.push(`option ${code}: ${note}`);
    if (repeated && value !== undefined) this.problems.push(`option ${code} came ${repeated.length} times`);
    return value;
  }
}

interface Reading<T> {
  readonly value: T | undefined;
  readonly notes: readonly string[];
}

const isUsable = <T>({ value }: Reading<T>): boolean => value !== undefined;

function readingOf<T>(data: Buffer, reader: Reader<T>): Reading<T> {
  const notes: string[] = [];
  const value = reader(data, (what) => notes.push(what));
  return { value, notes };
}

/** Undefined: none is usable. */
function merged<T>(readings: readonly Reading<T>[], merge: (...values: T[]) => T): Reading<T> | undefined {
  const usable = readings.filter(isUsable);
  if (usable.length === 0) return undefined;
  return { value: merge(...usable.map(({ value }) => value as T)), notes: usable.flatMap(({ notes }) => notes) };
}
