import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { startProcess } from "../harness/processes.ts";
import type { Findings } from "./figures.ts";
import { describeMachine } from "./machine.ts";
import { rows } from "./rows/all.ts";
import { subjects } from "./subjects/all.ts";
import { Table } from "./table.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const page = join(root, "docs", "performance.md");
const marks = { begin: "<!-- figures: begin -->", end: "<!-- figures: end -->" };
const ours = "fairlead";
/** A run of the slowest row with the slowest subject takes three minutes. */
const runLimitMs = 400_000;
/** Runs of each row, each in a namespace of its own; the longer one takes, the less. */
const usualRuns: Readonly<Record<string, number>> = {
  cable: 9,
  plugs: 3,
  failover: 3,
  start: 3,
  calls: 2,
  "links-1000": 3,
};

const usage = `usage: npm run bench [-- [ROW ...] [--runs N] [--only NAME,...] [--write]]
rows: ${Object.keys(rows).join(" ")}
names: ${subjects.map(({ name }) => name).join(" ")}
--write puts the table into docs/performance.md`;

interface Wanted {
  readonly rows: readonly string[];
  readonly runs: number | undefined;
  readonly names: readonly string[];
  readonly write: boolean;
}

function parse(args: readonly string[]): Wanted {
  const options = { runs: { type: "string" }, only: { type: "string" }, write: { type: "boolean" } } as const;
  const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true });
  const unknown = positionals.filter((row) => !(row in rows));
  if (unknown.length > 0) throw new Error(`unknown row ${unknown.join(" ")}`);
  const runs = values.runs === undefined ? undefined : Number(values.runs);
  if (runs !== undefined && !(Number.isInteger(runs) && runs >= 1 && runs <= 1000)) throw new Error("--runs 1 to 1000");
  return {
    rows: positionals.length > 0 ? positionals : Object.keys(rows),
    runs,
    names: values.only?.split(",") ?? subjects.map(({ name }) => name),
    write: values.write === true,
  };
}

/** The subjects take turns, so that other load of the machine falls on all alike. */
async function measureAll(wanted: Wanted, names: readonly string[]): Promise<{ table: Table; failures: Set<string> }> {
  const table = new Table();
  const failures = new Set<string>();
  for (const row of wanted.rows) {
    for (let run = 0; run < (wanted.runs ?? usualRuns[row] ?? 1); run++) {
      for (const name of names) {
        const outcome = await measureOnce(row, name);
        if (typeof outcome === "string") failures.add(`${row}, ${name}: ${outcome}`);
        else table.add(name, outcome);
        process.stderr.write(`${row} ${run + 1}: ${name}${typeof outcome === "string" ? ` ${outcome}` : ""}\n`);
      }
    }
  }
  return { table, failures };
}

async function measureOnce(row: string, name: string): Promise<Findings | string> {
  const measure = ["--", process.execPath, "--import", "tsx", join(root, "test/bench/measure.ts"), row, name];
  const folder = mkdtempSync(join(tmpdir(), "fairlead-bench-"));
  // As in every system's own folders: other users pass through to their own files.
  chmodSync(folder, 0o755);
  const env = { ...process.env, TMPDIR: folder };
  const child = startProcess(join(root, "test/harness/in-namespace"), measure, { cwd: root, env });
  child.closeInput();
  const ended = await child.waitExit(runLimitMs).catch(() => undefined);
  if (!ended) {
    child.kill("SIGKILL");
    await child.exited;
  }
  rmSync(folder, { recursive: true, force: true });
  if (!ended) return `did not end within ${runLimitMs / 1000} s`;
  const lastLine = child.output().trim().split("\n").at(-1) ?? "";
  return ended.code === 0 ? (JSON.parse(lastLine) as Findings) : lastLine;
}

function installed(names: readonly string[]): Map<string, string> {
  const versions = subjects.map(({ name, version }) => [name, names.includes(name) ? version() : undefined] as const);
  return new Map(versions.filter((entry): entry is [string, string] => entry[1] !== undefined));
}

async function main(): Promise<number> {
  const wanted = parse(process.argv.slice(2));
  const versions = installed(wanted.names);
  const { table, failures } = await measureAll(wanted, [...versions.keys()]);
  const report = `${describeMachine()}.
${[...versions].map((entry) => entry.join(" ")).join(", ")}. Medians; \`!\` misses its goal; \`-\` cannot do it.

${table.render([...versions.keys()], ours)}
${[...failures].map((failure) => `\n- ${failure}`).join("")}`.trimEnd();
  process.stdout.write(`${report}\n`);
  if (wanted.write) writePage(report);
  return versions.has(ours) && [...failures].some((failure) => failure.includes(`, ${ours}:`)) ? 1 : 0;
}

function writePage(report: string): void {
  const text = existsSync(page) ? readFileSync(page, "utf8") : `# Performance\n\n${marks.begin}\n${marks.end}\n`;
  const [before, rest] = text.split(marks.begin);
  const after = rest?.split(marks.end)[1];
  if (after === undefined) throw new Error(`docs/performance.md lacks the marks ${marks.begin} and ${marks.end}`);
  writeFileSync(page, `${before}${marks.begin}\n${report}\n${marks.end}${after}`);
}

main().then(
  (code) => process.exit(code),
  (error: Error) => {
    process.stderr.write(`bench: ${error.message}\n${usage}\n`);
    process.exit(2);
  },
);
