/** Starts a program, prints its pid, and waits to be killed. */
import { ProcessClock } from "../../../src/base/clock.ts";
import { ChildProcesses } from "../../../src/system/child-processes.ts";

const processes = new ChildProcesses(new ProcessClock());
const run = processes.run({
  name: "sleep",
  argv: ["/bin/sh", "-c", "echo ready; exec /bin/sleep 1000"],
  onLine: () => console.log(run.pid),
});
