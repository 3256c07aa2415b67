import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, utimesSync } from "node:fs";
import { createRequire } from "node:module";
import { homedir } from "node:os";
import { basename, join } from "node:path";
import { buildImage } from "./build.ts";

/** Images nobody has started for so long belong to versions that are gone. */
const unusedMs = 7 * 24 * 3600 * 1000;

/** Outside the repository: all clones share it, and `git clean` does not cost an image. */
export const cacheFolder = (): string =>
  join(process.env.XDG_CACHE_HOME ?? join(process.env.HOME ?? homedir(), ".cache"), "fairlead-vm");

/** The folder of the ready image for this builder, this Node and this release of Debian, if it was built already. */
export function findImage(release: string): string | undefined {
  const folder = join(cacheFolder(), imageKey(release));
  if (!existsSync(folder)) return undefined;
  utimesSync(folder, new Date(), new Date());
  return folder;
}

/**
 * Builds it. Whoever calls this holds the lock of {@link lockFile}: then nothing else builds, and half an image is one
 * whose builder was killed.
 */
export function makeImage(release: string): string {
  const ready = findImage(release);
  if (ready !== undefined) return ready;
  mkdirSync(cacheFolder(), { recursive: true, mode: 0o700 });
  removeLeftovers();
  const building = join(cacheFolder(), `building-${process.pid}`);
  mkdirSync(building);
  try {
    buildImage(building, release);
    const folder = join(cacheFolder(), imageKey(release));
    renameSync(building, folder);
    return folder;
  } finally {
    rmSync(building, { recursive: true, force: true });
  }
}

export const lockFile = (): string => join(cacheFolder(), "lock");

function removeLeftovers(): void {
  for (const name of readdirSync(cacheFolder())) {
    const path = join(cacheFolder(), name);
    const isOld = /^image-/.test(name) && Date.now() - statSync(path).mtimeMs > unusedMs;
    if (name.startsWith("building-") || isOld) rmSync(path, { recursive: true, force: true });
  }
}

/** Everything that the image is made from: this folder, the package it holds loaded, the Node that goes in, the release. */
function imageKey(release: string): string {
  const hash = createHash("sha256").update(`${process.version} ${release}\n`);
  for (const path of [...filesBelow(import.meta.dirname), preloadedVersion]) {
    hash.update(`${basename(path)}\n`).update(readFileSync(path));
  }
  return `image-${hash.digest("hex").slice(0, 16)}`;
}

const preloadedVersion = createRequire(import.meta.url).resolve("dbus-next/package.json");
const filesBelow = (folder: string): readonly string[] =>
  readdirSync(folder, { recursive: true, encoding: "utf8" })
    .sort()
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile());
