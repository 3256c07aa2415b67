import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { cacheFolder } from "../image/cache.ts";

/** Failures are looked at soon or not at all. */
const maxKept = 20;

/** Moves the files of a failed guest to a place that outlives it; returns the place. */
export function keepEvidence(scenario: string, folder: string): string {
  const all = process.env.VM_EVIDENCE ?? join(cacheFolder(), "failures");
  const place = join(all, `${new Date().toISOString().replaceAll(":", "-").slice(0, 19)}-${scenario}-${process.pid}`);
  mkdirSync(place, { recursive: true, mode: 0o700 });
  for (const name of ["output", "console"]) {
    if (existsSync(join(folder, name))) copyFileSync(join(folder, name), join(place, `${name}.txt`));
  }
  const archive = join(folder, "evidence");
  if (existsSync(archive) && statSync(archive).size > 0) {
    spawnSync("tar", ["-C", place, "--no-same-owner", "-xf", archive], { stdio: "ignore", timeout: 10_000 });
  }
  const kept = readdirSync(all).sort();
  for (const name of kept.slice(0, Math.max(0, kept.length - maxKept))) {
    rmSync(join(all, name), { recursive: true, force: true });
  }
  return place;
}
