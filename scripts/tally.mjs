/** How much of a failing file's own output is shown. */
const maxShownLines = 120;

const seconds = (ms) => `${(ms / 1000).toFixed(1)} s`;
const indent = (text) => text.replace(/^/gm, "      ");

/** Counts results and prints them to stdout as they come; a summary at the end. */
export class Tally {
  /** Each as runTestFile has it, with its file. */
  results = [];
  #passed = 0;
  #failed = [];
  #skipped = [];
  #startedAt = performance.now();

  add({ file, ms, tests, output }) {
    for (const test of tests) this.results.push({ file, ...test });
    const failed = tests.filter(({ kind }) => kind === "fail");
    const skipped = tests.filter(({ kind }) => kind === "skip");
    this.#passed += tests.length - failed.length - skipped.length;
    for (const test of failed) this.#failed.push({ file, ...test });
    for (const test of skipped) this.#skipped.push({ file, ...test });
    const counts = `${tests.length} test${tests.length === 1 ? "" : "s"}`;
    console.log(`${failed.length > 0 ? "FAIL" : "ok  "}  ${file}  ${counts}, ${seconds(ms)}`);
    for (const { name, error } of failed) console.log(`  FAIL  ${name}\n${indent(error ?? "")}`);
    if (failed.length > 0 && output.trim() !== "") console.log(`  output:\n${indent(lastLines(output))}`);
  }

  /**
   * Prints failures and skips, which must not be overlooked; the last line is the counts alone. True when nothing
   * failed.
   */
  summary() {
    console.log("");
    for (const { file, name, reason } of this.#skipped) console.log(`SKIPPED  ${file}: ${name}: ${reason}`);
    for (const { file, name } of this.#failed) console.log(`FAILED   ${file}: ${name}`);
    if (this.#skipped.length + this.#failed.length > 0) console.log("");
    console.log(`took ${seconds(performance.now() - this.#startedAt)}`);
    console.log(`${this.#passed} passed, ${this.#failed.length} failed, ${this.#skipped.length} skipped`);
    return this.#failed.length === 0;
  }
}

function lastLines(text) {
  const lines = text.trimEnd().split("\n");
  const cut = lines.length - maxShownLines;
  return cut > 0 ? [`(${cut} earlier lines left out)`, ...lines.slice(cut)].join("\n") : lines.join("\n");
}
