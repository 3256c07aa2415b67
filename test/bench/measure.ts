import { rows } from "./rows/all.ts";
import { subjects } from "./subjects/all.ts";

/**
 * measure.ts ROW SUBJECT: one run of one row, in the namespace that it was started in. The findings are the last line
 * of standard output, as JSON; exit code 1 and one line on standard error when the subject cannot do it.
 */
const [rowName = "", subjectName = ""] = process.argv.slice(2);
const row = rows[rowName];
const subject = subjects.find(({ name }) => name === subjectName);
if (!row || !subject) {
  process.stderr.write(
    `usage: measure.ts ${Object.keys(rows).join("|")} ${subjects.map(({ name }) => name).join("|")}\n`,
  );
  process.exit(2);
}
row(subject).then(
  (findings) => {
    process.stdout.write(`${JSON.stringify(findings)}\n`);
    process.exit(0);
  },
  (error: Error) => {
    process.stderr.write(`${error.message}\n`);
    process.exit(1);
  },
);
