import { FolderProcesses } from "../../../src/helper/folder-processes.ts";
import { mostOutputBytes, type Processes } from "../../../src/system/processes.ts";
import { FakeClock } from "../../fakes/fake-clock.ts";
import { FakeProcesses, type FakeProgram } from "../../fakes/fake-processes.ts";
import { type ProcessesWorld, type ProgramName, processesCases } from "./processes-cases.ts";

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
    run.print(`${"x".repeat(150_000)}\n`);
    for (let printed = 0; printed <= mostOutputBytes; printed += 1000) run.print(`${"y".repeat(999)}\n`);
    run.exit(0);
  },
};

const world = (wrap: (processes: FakeProcesses) => Processes) => async (): Promise<ProcessesWorld> => {
  const clock = new FakeClock();
  const processes = new FakeProcesses(clock);
  for (const [name, program] of Object.entries(programs)) processes.install(`/programs/${name}`, program);
  return {
    processes: wrap(processes),
    pathOf: (name) => `/programs/${name}`,
    pass: (ms) => clock.advanceSettled(ms),
    isAlive: () => false,
    close: () => processes.stopAll(),
  };
};

processesCases(
  "fake processes",
  world((processes) => processes),
);
for (const folder of ["/programs", "/elsewhere"]) {
  processesCases(
    `programs in and outside ${folder}`,
    world((processes) => {
      const refusing = new FakeProcesses(new FakeClock());
      const [inside, outside] = folder === "/programs" ? [processes, refusing] : [refusing, processes];
      return new FolderProcesses([folder], inside, outside);
    }),
  );
}
