import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { Stop, say } from "./say.mjs";
import { provideSystemPackages } from "./system-packages.mjs";

/** Fetching 150 MB from a slow archive included; beyond it something is wrong. */
const buildLimitSeconds = 1200;

/** Why no guest can be had on this machine, in one line; undefined when there is no obstacle. */
export function guestObstacle() {
  if (process.arch !== "x64") return `the guest is an x86-64 machine; this is ${process.arch}`;
  if (debianRelease() === undefined) return "the guest is made from the host's Debian packages; this is no Debian";
  if (process.getuid() !== 0) return "building and starting the guest needs root";
  return undefined;
}

/** The host's release, as "bookworm". */
export function debianRelease() {
  try {
    const text = readFileSync("/etc/os-release", "utf8");
    return /^ID=debian$/m.test(text) ? /^VERSION_CODENAME=(\S+)$/m.exec(text)?.[1] : undefined;
  } catch {
    return undefined;
  }
}

/** Builds the guest's image unless it is there. One at a time: a second clone waits, and then finds it. */
export function provideImage() {
  provideSystemPackages(["vm"]);
  const cache = join(process.env.XDG_CACHE_HOME ?? join(process.env.HOME ?? homedir(), ".cache"), "fairlead-vm");
  mkdirSync(cache, { recursive: true, mode: 0o700 });
  const builder = [process.execPath, "--import", "tsx", "test/vm/image/main.ts", debianRelease()];
  const args = ["--kill-after=10", String(buildLimitSeconds), "flock", "--close", join(cache, "lock"), ...builder];
  const done = spawnSync("timeout", args, { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] });
  if (done.status === 0) return;
  if (done.status === 124) say(`vm: the image was not built within ${buildLimitSeconds} s`);
  throw new Stop(`vm: no image (ended with ${done.status ?? done.signal}); its folder would be in ${cache}`);
}
