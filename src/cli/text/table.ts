import { cutTo, printable } from "./printable.ts";
import { type Line, type Span, spanWidth, styled, textOf } from "./terminal-output.ts";

export interface Column {
  readonly title: string;
  readonly align?: "right";
  /** The column may be cut to this many columns where the terminal is narrow. Absent: it keeps its width. */
  readonly least?: number;
}

const gap = "  ";

/** Lines of a table with its heading, at most `width` columns wide as long as the columns' least widths allow. */
export function tableLines(columns: readonly Column[], rows: readonly (readonly Span[])[], width: number): Line[] {
  const widths = shrink(columns, naturalWidths(columns, rows), width);
  const heading = columns.map(({ title }) => styled(title, "dim"));
  return [heading, ...rows].map((cells) => rowLine(columns, cells, widths));
}

function naturalWidths(columns: readonly Column[], rows: readonly (readonly Span[])[]): number[] {
  return columns.map(({ title }, at) => {
    let widest = title.length;
    for (const row of rows) widest = Math.max(widest, spanWidth(row[at] ?? ""));
    return widest;
  });
}

/** Takes from the widest first, so that a long reason is cut before a short name. */
function shrink(columns: readonly Column[], natural: readonly number[], width: number): number[] {
  const widths = [...natural];
  let excess = widths.reduce((sum, one) => sum + one, 0) + gap.length * (widths.length - 1) - width;
  while (excess > 0) {
    const at = widest(columns, widths);
    if (at === undefined) break;
    widths[at] = (widths[at] as number) - 1;
    excess--;
  }
  return widths;
}

function widest(columns: readonly Column[], widths: readonly number[]): number | undefined {
  let found: number | undefined;
  for (const [at, width] of widths.entries()) {
    const least = columns[at]?.least ?? Number.POSITIVE_INFINITY;
    if (width > least && (found === undefined || width > (widths[found] as number))) found = at;
  }
  return found;
}

function rowLine(columns: readonly Column[], cells: readonly Span[], widths: readonly number[]): Line {
  const spans: Span[] = [];
  for (const [at, width] of widths.entries()) {
    const cell = cells[at] ?? "";
    const text = cutTo(printable(textOf(cell)), width);
    const padding = " ".repeat(width - spanWidth(text));
    const isRight = columns[at]?.align === "right";
    if (at > 0) spans.push(gap);
    if (isRight) spans.push(padding);
    spans.push(typeof cell === "string" ? text : styled(text, cell.style));
    if (!isRight && at < widths.length - 1) spans.push(padding);
  }
  return spans;
}
