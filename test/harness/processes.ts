// The lab starts the same processes; programs of src/ cannot import from here, so the code lives there.
export {
  type Ended,
  ManagedProcess,
  type RunResult,
  run,
  startProcess,
  tryRun,
} from "../../src/lab/world/processes.ts";
