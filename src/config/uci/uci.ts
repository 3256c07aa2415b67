/**
 * Reads and writes UCI, the configuration text of OpenWrt: sections of options and lists. An unreadable part is told
 * with its place and left out with all that belongs to it; nothing lands in another section. Pure.
 */
import { type UciPlace, type UciProblem, UciStatements, type UciWord } from "./uci-words.ts";

export interface UciOption extends UciPlace {
  readonly name: string;
  readonly isList: boolean;
  /** One for an option, in which lists may be written too, with blanks between; at least one for a list. */
  readonly values: readonly string[];
}
export interface UciSection extends UciPlace {
  readonly type: string;
  /** Undefined: anonymous. */
  readonly name: string | undefined;
  /** The name, or `@type[n]` of the n-th section of its type, named ones counted. */
  readonly label: string;
  readonly options: ReadonlyMap<string, UciOption>;
}
export interface UciFile {
  readonly package: string | undefined;
  readonly sections: readonly UciSection[];
  /** In the order of the text. */
  readonly problems: readonly UciProblem[];
}

/** More than any router has; a larger file is a mistake or an attack. */
export const uciLimits = { bytes: 1024 * 1024, sections: 10_000, valuesPerOption: 1000, problems: 200 } as const;

type MutableOption = Omit<UciOption, "isList" | "values"> & { readonly values: string[]; isList: boolean };
type MutableSection = Omit<UciSection, "options"> & { readonly options: Map<string, MutableOption> };

/** Never throws for any text. */
export function parseUci(text: string): UciFile {
  return new UciParser().parse(text);
}

const keywords: Readonly<Record<string, "package" | "config" | "option" | "list">> = {
  ...{ package: "package", p: "package", config: "config", c: "config" },
  ...{ option: "option", o: "option", list: "list", l: "list" },
};

class UciParser {
  readonly #sections: MutableSection[] = [];
  readonly #named = new Map<string, MutableSection>();
  readonly #countByType = new Map<string, number>();
  /** Where the statement before ends. */
  #lastLine = 0;
  readonly #problems: UciProblem[] = [];
  #package: string | undefined;
  /** Undefined before the first section; "refused" after one that could not be read. */
  #section: MutableSection | "refused" | undefined;

  parse(text: string): UciFile {
    if (Buffer.byteLength(text) > uciLimits.bytes) {
      this.#error({ line: 1, column: 1 }, `the text is longer than ${uciLimits.bytes} bytes`);
      return this.#result();
    }
    const statements = new UciStatements(text);
    for (const words of statements) this.#statement(words);
    this.#problems.push(...statements.problems);
    return this.#result();
  }
  #result(): UciFile {
    const problems = this.#problems.sort((a, b) => a.line - b.line || a.column - b.column);
    return { package: this.#package, sections: this.#sections, problems: problems.slice(0, uciLimits.problems) };
  }

  #statement([keyword, ...words]: readonly UciWord[]): void {
    if (!keyword) return;
    // A word after `;` may be the rest of a password.
    const isFirst = keyword.line !== this.#lastLine;
    this.#lastLine = (words.at(-1) ?? keyword).line;
    const kind = Object.hasOwn(keywords, keyword.text) ? keywords[keyword.text] : undefined;
    switch (kind) {
      case "package":
        this.#onPackage(keyword, words);
        break;
      case "config":
        this.#onConfig(keyword, words);
        break;
      case "option":
        this.#onOption(keyword, words);
        break;
      case "list":
        this.#onList(keyword, words);
        break;
      case undefined:
        this.#error(keyword, isFirst ? `${quoted(keyword)} is no UCI keyword` : "no UCI keyword after ';'");
    }
  }
  #error(place: UciPlace, message: string): void {
    this.#problems.push({ line: place.line, column: place.column, severity: "error", message });
  }
  #note(place: UciPlace, message: string): void {
    this.#problems.push({ line: place.line, column: place.column, severity: "note", message });
  }
  /** Everything after the `most` first words is told and dropped: two statements on one line are no reason to guess. */
  #few(words: readonly UciWord[], most: number): readonly UciWord[] {
    const extra = words[most];
    // They are not repeated: a password may lack its quotes.
    const dropped = words.length - most;
    if (extra)
      this.#error(
        extra,
        `too many words: ${dropped} ${dropped === 1 ? "was" : "were"} dropped; a value with blanks needs quotes`,
      );
    return words.slice(0, most);
  }

  #onPackage(keyword: UciWord, words: readonly UciWord[]): void {
    const [name] = this.#few(words, 1);
    if (!name) this.#error(keyword, "package needs a name");
    else if (!/^[A-Za-z0-9_-]+$/.test(name.text)) this.#error(name, `${quoted(name)} is no package name`);
    else this.#package ??= name.text;
  }

  #onConfig(keyword: UciWord, words: readonly UciWord[]): void {
    const [type, name] = this.#few(words, 2);
    this.#section = "refused";
    if (!type) this.#error(keyword, "config needs a type");
    else if (!/^[\x21-\x7e]+$/.test(type.text)) this.#error(type, `${quoted(type)} is no section type`);
    else if (name && name.text !== "" && !isName(name.text)) {
      const rule = "a section's name has letters, digits and _ only; the section was dropped";
      this.#error(name, `${quoted(name)}: ${rule}`);
    } else this.#section = this.#open(keyword, type.text, name?.text || undefined);
  }
  /** A name that comes again means the section that has it already. */
  #open(place: UciPlace, type: string, name: string | undefined): MutableSection | "refused" {
    const known = name === undefined ? undefined : this.#named.get(name);
    if (known && known.type !== type) {
      this.#error(place, `section ${name} is a ${known.type} already, from line ${known.line}`);
      return "refused";
    }
    if (known) return known;
    if (this.#sections.length >= uciLimits.sections) {
      this.#error(place, `more than ${uciLimits.sections} sections`);
      return "refused";
    }
    const count = this.#countByType.get(type) ?? 0;
    this.#countByType.set(type, count + 1);
    const { line, column } = place;
    const section = { type, name, label: name ?? `@${type}[${count}]`, options: new Map(), line, column };
    this.#sections.push(section);
    if (name !== undefined) this.#named.set(name, section);
    return section;
  }

  #onOption(keyword: UciWord, words: readonly UciWord[]): void {
    const target = this.#target(keyword, words);
    if (!target) return;
    const { section, name, value } = target;
    if (value === "") section.options.delete(name.text);
    else section.options.set(name.text, makeOption(name, false, [value]));
  }
  /** The text of an option before it becomes the first item. Doubles come from files that were appended to twice. */
  #onList(keyword: UciWord, words: readonly UciWord[]): void {
    const target = this.#target(keyword, words);
    if (!target) return;
    const { section, name, value } = target;
    if (value === "") {
      this.#note(name, `an empty item of ${name.text} was dropped`);
      return;
    }
    const known = section.options.get(name.text);
    if (!known) {
      section.options.set(name.text, makeOption(name, true, [value]));
      return;
    }
    known.isList = true;
    if (known.values.includes(value)) this.#note(name, `${name.text} has this item already`);
    else if (known.values.length >= uciLimits.valuesPerOption) {
      this.#error(name, `${name.text} has more than ${uciLimits.valuesPerOption} items`);
    } else known.values.push(value);
  }
  /** Where the statement belongs. Undefined: told already, or part of a section that was dropped. */
  #target(keyword: UciWord, words: readonly UciWord[]) {
    const section = this.#section;
    if (section === "refused") return undefined;
    const [name, value] = this.#few(words, 2);
    if (!section) this.#error(keyword, `${keyword.text} before the first section`);
    else if (!name) this.#error(keyword, `${keyword.text} needs a name`);
    else if (!isName(name.text)) {
      this.#error(name, `${quoted(name)}: an option's name has letters, digits and _ only`);
    } else return { section, name, value: value?.text ?? "" };
    return undefined;
  }
}

const isName = (text: string): boolean => /^[A-Za-z0-9_]+$/.test(text);
const quoted = ({ text }: UciWord): string => JSON.stringify(text.slice(0, 60));
const makeOption = ({ text, line, column }: UciWord, isList: boolean, values: string[]): MutableOption => ({
  name: text,
  isList,
  values,
  line,
  column,
});
