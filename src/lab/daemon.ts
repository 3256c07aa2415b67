import { createWriteStream } from "node:fs";
import { join } from "node:path";
import { type ManagedProcess, startProcess } from "./world/processes.ts";

export interface LabDaemonPlace {
  readonly folder: string;
  readonly busAddress: string;
}

/** No web server of the Internet answers in the lab: a Service stays `ready`. */
const withoutProbes = ["--portal-http-url", "none", "--portal-https-url", "none"];

export const logFile = (folder: string): string => join(folder, "fairleadd.log");

/** Starts the daemon on the lab's bus with folders of its own; its log is kept and goes to a file as well. */
export function startLabDaemon(command: readonly string[], { folder, busAddress }: LabDaemonPlace): ManagedProcess {
  const [program = "", ...args] = command;
  const place = ["--bus-address", busAddress, "--state-dir", join(folder, "state"), "--run-dir", join(folder, "run")];
  const daemon = startProcess(program, [...args, ...place, ...withoutProbes], { name: "fairleadd" });
  daemon.pipeTo(createWriteStream(logFile(folder), { flags: "a" }));
  return daemon;
}
