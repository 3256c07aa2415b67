import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build, type Plugin } from "esbuild";
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
    external: ["*.node", "x11"],
    plugins: [sourceLocations],
    logLevel: "warning",
  });
}

export interface Job {
  /** The steps, a TypeScript file. */
  readonly entry: string;
  readonly guest: Guest;
  /** Arguments of node before the steps. */
  readonly nodeArguments?: readonly string[];
  /** Shell variables for the guest besides those every job has. */
  readonly environment?: Readonly<Record<string, string>>;
}

/** Writes the folder that the guest finds as /run/vm/job. */
export async function writeJob(folder: string, job: Job): Promise<void> {
  const { entry, guest, nodeArguments = [], environment = {} } = job;
  mkdirSync(folder, { recursive: true });
  await bundle(entry, join(folder, "steps.cjs"));
  const variables = {
    VM_PROJECT: project,
    VM_MODULES: (guest.modules ?? []).join(" "),
    VM_RADIOS: String(guest.radios ?? 0),
    VM_LIMIT_SECONDS: String(guest.limitSeconds ?? defaultLimitSeconds),
    // The tests' guard against the host's own network asks for it; a guest is never the host.
    FAIRLEAD_OUTER_NETNS: "the host's",
    ...environment,
  };
  const lines = Object.entries(variables).map(([name, value]) => `export ${name}=${quoted(value)}\n`);
  writeFileSync(join(folder, "environment"), lines.join(""));
  const command = ["exec", "node", "--enable-source-maps", ...nodeArguments, "/run/vm/job/steps.cjs"];
  writeFileSync(join(folder, "command"), `${command.map(quoted).join(" ")}\n`);
}

const quoted = (word: string) => `'${word.replaceAll("'", "'\\''")}'`;
