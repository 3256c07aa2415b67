import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { Stop } from "./say.mjs";
import { root } from "./setup.mjs";
import { moduleOptions } from "./source-locations.mjs";

/** Below node_modules, so that packages are found from there; guests and other users may read it. */
const cache = join(root, "node_modules", ".cache", "fairlead-tests");

/**
 * Translates test files and all they import, once for all; common imports become modules that they share. Returns `{
 * programOf(file), remove() }`.
 */
export async function prebuildTests(files) {
  const folder = newFolder();
  const { build } = await import("esbuild");
  const options = {
    ...{ absWorkingDir: root, entryPoints: files, outdir: folder, outbase: root },
    ...{ ...moduleOptions, splitting: true },
    ...{ outExtension: { ".js": ".mjs" }, chunkNames: "shared/[hash]", keepNames: true },
    ...{ sourcemap: true, sourcesContent: false, logLevel: "error" },
  };
  // The fault has been printed by then.
  await build(options).catch(() => {
    rmSync(folder, { recursive: true, force: true });
    throw new Stop("test: a test file cannot be translated");
  });
  return {
    programOf: (file) => join(folder, file.replace(/\.ts$/, ".mjs")),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** Two runs may be under way at once. The leftovers of a run that was killed go with the next one. */
function newFolder() {
  mkdirSync(cache, { recursive: true });
  for (const name of readdirSync(cache)) {
    if (!isRunning(Number(name.split("-")[0]))) rmSync(join(cache, name), { recursive: true, force: true });
  }
  return mkdtempSync(join(cache, `${process.pid}-`));
}

const isRunning = (pid) => existsSync(`/proc/${pid}`);
