import type { Findings } from "./figures.ts";
import { goals } from "./goals.ts";

/** Values of one figure by subject, in the order in which the figures were first found. */
export class Table {
  readonly #figures = new Map<string, Map<string, number[]>>();

  add(subject: string, findings: Findings): void {
    for (const [figure, values] of Object.entries(findings)) {
      const bySubject = this.#figures.get(figure) ?? new Map<string, number[]>();
      bySubject.set(subject, [...(bySubject.get(subject) ?? []), ...values]);
      this.#figures.set(figure, bySubject);
    }
  }

  /**
   * A Markdown table of medians that is readable as it is. The last column is the ratio of ours to the best of the
   * others, with its name; a lower figure is always the better one. A figure that misses its goal is marked with `!`.
   */
  render(subjects: readonly string[], ours: string): string {
    const head = ["what", "goal", ...subjects, `${ours} / best other`];
    const body = [...this.#figures].map(([figure, found]) => {
      const medians = new Map([...found].map(([subject, values]) => [subject, median(values)]));
      const cells = subjects.map((subject) => {
        const value = medians.get(subject);
        return `${show(value)}${subject === ours && misses(figure, value) ? " !" : ""}`;
      });
      return [figure, show(goals[figure]), ...cells, showRatio(ours, medians)];
    });
    return align([head, ...body]);
  }

  /** Figures of `ours` that miss their goals. */
  missed(ours: string): string[] {
    return [...this.#figures].flatMap(([figure, found]) => {
      const values = found.get(ours);
      return values && misses(figure, median(values)) ? [figure] : [];
    });
  }
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  const [low = Number.NaN, high = low] = [sorted[Math.ceil(middle) - 1], sorted[Math.floor(middle)]];
  return (low + high) / 2;
}

const misses = (figure: string, value: number | undefined): boolean =>
  value !== undefined && value > (goals[figure] ?? Number.POSITIVE_INFINITY);

/** Three digits say all that such a measurement knows. */
const show = (value: number | undefined): string => (value === undefined ? "-" : String(Number(value.toPrecision(3))));

function showRatio(ours: string, medians: ReadonlyMap<string, number>): string {
  const own = medians.get(ours);
  const [best] = [...medians].filter(([subject]) => subject !== ours).sort(([, a], [, b]) => a - b);
  if (own === undefined || best === undefined || best[1] === 0) return "-";
  return `${(own / best[1]).toFixed(2)} (${best[0]})`;
}

function align(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? "").length)));
  const line = (row: readonly string[]) => `| ${row.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join(" | ")} |`;
  const [head = [], ...body] = rows;
  return [line(head), `|${widths.map((width) => "-".repeat(width + 2)).join("|")}|`, ...body.map(line)].join("\n");
}
