import { readFileSync } from "node:fs";
import { cpus, release, totalmem } from "node:os";

/** Facts of the machine for judging the figures; nothing that identifies it. */
export function describeMachine(): string {
  const [first] = cpus();
  const memory = `${Math.round(totalmem() / 1024 ** 3)} GiB`;
  const kernel = /^\d+\.\d+/.exec(release())?.[0];
  return `${cpus().length} x ${first?.model.trim()}, ${memory}, ${distribution()}, kernel ${kernel}, Node ${process.versions.node}`;
}

function distribution(): string {
  try {
    return /^PRETTY_NAME="?([^"\n]*)/m.exec(readFileSync("/etc/os-release", "utf8"))?.[1] ?? "Linux";
  } catch {
    return "Linux";
  }
}
