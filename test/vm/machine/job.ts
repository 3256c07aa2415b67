import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build, type Plugin } from "esbuild";
import { preloaded, preloadedFile } from "../image/contents.ts";
import { defaultLimitSeconds, type Guest } from "./guest.ts";

export const project = fileURLToPath(new URL("../../..", import.meta.url)).replace(/\/$/, "");

/** A module that asks where it is gets the path of its source; the guest has the project at the same place. */
const sourceLocations: Plugin = {
  name: "source-locations",
  setup({ onLoad }) {
    onLoad({ filter: /[.]ts$/ }, ({ path }) => {
      const text = readFileSync(path, "utf8").replaceAll("import.meta.url", JSON.stringify(pathToFileURL(path).href));
      return { contents: text, loader: "ts" };
    });
  },
};

/** Modules that the guest has loaded already. */
const takePreloaded: Plugin = {
  name: "take-preloaded",
  setup({ onResolve, onLoad }) {
    const names: readonly string[] = preloaded;
    onResolve({ filter: /^dbus-next/ }, ({ path }) =>
      names.includes(path) ? { path, namespace: "preloaded" } : undefined,
    );
    onLoad({ filter: /.*/, namespace: "preloaded" }, ({ path }) => ({
      contents: `module.exports = require(${JSON.stringify(preloadedFile)})[${JSON.stringify(path)}]`,
    }));
  },
};

/** One file from many: an emulated processor should neither compile TypeScript nor look for modules. */
async function bundle(entry: string, outfile: string): Promise<void> {
  await build({
    entryPoints: [entry],
    outfile,
    bundle: true,
    platform: "node",
    target: "node20.19",
    format: "cjs",
    sourcemap: true,
    // x11: dbus-next looks for it only where a display is set.
    external: ["*.node", "x11", preloadedFile],
    plugins: [sourceLocations, takePreloaded],
    logLevel: "warning",
  });
}

/** Many times the time of any step on an idle host: the processors are emulated, and shared with others. */
const patience = 4;

export interface Job {
  /** The steps, a TypeScript file. */
  readonly entry: string;
  readonly guest: Guest;
  /** Shell variables for the guest besides those every job has. */
  readonly environment?: Readonly<Record<string, string>>;
}

/** Writes the folder that the guest finds as /run/vm/job. */
export async function writeJob(folder: string, job: Job): Promise<void> {
  const { entry, guest, environment = {} } = job;
  mkdirSync(folder, { recursive: true });
  await bundle(entry, join(folder, "steps.cjs"));
  const variables = {
    VM_PROJECT: project,
    VM_MODULES: (guest.modules ?? []).join(" "),
    VM_RADIOS: String(guest.radios ?? 0),
    VM_LIMIT_SECONDS: String(guest.limitSeconds ?? defaultLimitSeconds),
    // The tests' guard against the host's own network asks for it; a guest is never the host.
    FAIRLEAD_OUTER_NETNS: "the host's",
    FAIRLEAD_PATIENCE: String(patience),
    ...environment,
  };
  const lines = Object.entries(variables).map(([name, value]) => `export ${name}=${quoted(value)}\n`);
  writeFileSync(join(folder, "environment"), lines.join(""));
  copyFileSync(join(project, "test/harness/reporter.mjs"), join(folder, "reporter.mjs"));
  const steps = "/run/vm/job/steps.cjs";
  const modules = [...(process.env.VM_TIMES ? [join(project, "test/vm/guest/program-times.cjs")] : []), steps];
  writeFileSync(join(folder, "job.json"), JSON.stringify({ project, environment: variables, modules }));
  // Where the steps need a terminal, which a process cannot be given later.
  writeFileSync(join(folder, "command"), `exec node --enable-source-maps ${steps}\n`);
}

const quoted = (word: string) => `'${word.replaceAll("'", "'\\''")}'`;
