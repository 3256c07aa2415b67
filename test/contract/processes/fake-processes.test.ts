import { mostOutputBytes } from "../../../src/system/processes.ts";
import { FakeClock } from "../../fakes/fake-clock.ts";
import { FakeProcesses, type FakeProgram } from "../../fakes/fake-processes.ts";
import { type ProgramName, processesCases } from "./processes-cases.ts";

const childPid = 4711;

const programs: Readonly<Record<ProgramName, FakeProgram>> = {
  print: (run) => {
    for (const word of [...run.argv.slice(1), run.environment.FAIRLEAD_WORD, run.folder]) run.print(`${word}\n`);
    run.print("warned\n", "stderr");
    run.exit(0);
  },
  copy: (run) => {
    run.print(run.input);
    run.exit(0);
  },
  fail: (run) => run.exit(3),
  wait: (run) => run.print("ready\n"),
  deaf: (run) => {
    run.onTerm(() => {});
    run.print("ready\n");
  },
  crowd: (run) => {
    run.print(`${childPid}\n`);
    run.exit(0);
  },
  flood: (run) => {
    run.print(`${"x".repeat(10_000)}\n`);
    for (let printed = 0; printed <= mostOutputBytes; printed += 1000) run.print(`${"y".repeat(999)}\n`);
    run.exit(0);
  },
};

processesCases("fake processes", async () => {
  const clock = new FakeClock();
  const processes = new FakeProcesses(clock);
  for (const [name, program] of Object.entries(programs)) processes.install(`/programs/${name}`, program);
  return {
    processes,
    pathOf: (name) => `/programs/${name}`,
    pass: (ms) => clock.advanceSettled(ms),
    isAlive: () => false,
    close: () => processes.stopAll(),
  };
});
