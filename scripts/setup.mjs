import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { Stop, say } from "./say.mjs";
import { provideSystemPackages } from "./system-packages.mjs";

export const root = fileURLToPath(new URL("..", import.meta.url));
const at = (...parts) => join(root, ...parts);

/**
 * Makes a fresh clone ready, and does nothing when it is ready. `purposes`: any of "build", "lab", "test"; they decide
 * which programs of the system must be there.
 */
export function setUp(purposes) {
  process.chdir(root);
  requireNode();
  provideSystemPackages(purposes);
  if (!hasPackages()) installPackages();
  provideDatabaseAddon();
  provideNativeAddon();
}

function requireNode() {
  const wanted = JSON.parse(readFileSync(at("package.json"), "utf8")).engines.node.replace(">=", "");
  const [wantedMajor, wantedMinor] = wanted.split(".").map(Number);
  const [major, minor] = process.versions.node.split(".").map(Number);
  if (major > wantedMajor || (major === wantedMajor && minor >= wantedMinor)) return;
  throw new Stop(`Node ${wanted} or newer is needed; this is ${process.versions.node}`);
}

/** Whether node_modules holds the packages of the lock file: npm keeps its own list of the installed ones. */
function hasPackages() {
  const installedFile = at("node_modules", ".package-lock.json");
  if (!existsSync(installedFile)) return false;
  const wanted = JSON.parse(readFileSync(at("package-lock.json"), "utf8")).packages;
  const installed = JSON.parse(readFileSync(installedFile, "utf8")).packages;
  return Object.entries(wanted).every(
    ([path, entry]) => path === "" || entry.optional || installed[path]?.version === entry.version,
  );
}

function installPackages() {
  say("set-up: npm ci (compiles the database from source where no binary can be fetched: about a minute)");
  run("npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"]);
}

/**
 * The database addon belongs to one major version of Node, and newer npm may be told to run no install scripts; so
 * look whether it loads rather than trust the installation.
 */
function provideDatabaseAddon() {
  const stamp = at("node_modules", ".fairlead-abi");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === process.versions.modules) return;
  if (!loads("better-sqlite3")) {
    say(`set-up: building better-sqlite3 for Node ${process.versions.node}`);
    nodeGyp(["rebuild", "--release", "-C", at("node_modules", "better-sqlite3")]);
    if (!loads("better-sqlite3")) throw new Stop("set-up: better-sqlite3 was built but does not load");
  }
  writeFileSync(stamp, process.versions.modules);
}

function loads(name) {
  const code = `new (require(${JSON.stringify(name)}))(":memory:").close()`;
  return spawnSync(process.execPath, ["-e", code], { cwd: root, stdio: "ignore" }).status === 0;
}

/** Node-API addons outlive Node versions; only a change of the source asks for a new build. */
function provideNativeAddon() {
  const built = at("src", "native", "build", "Release", "fairlead_native.node");
  const sources = readdirSync(at("src", "native")).filter((name) => /\.(cc|c|h|gyp)$/.test(name));
  const newest = Math.max(...sources.map((name) => statSync(at("src", "native", name)).mtimeMs));
  if (existsSync(built) && statSync(built).mtimeMs >= newest) return;
  say("set-up: building src/native");
  nodeGyp(["rebuild", "--silent", "-C", at("src", "native")]);
}

function nodeGyp(args) {
  const require = createRequire(at("package.json"));
  run(process.execPath, [require.resolve("node-gyp/bin/node-gyp.js"), ...args]);
}

/** Headers that came with this Node save node-gyp the download. */
function localHeaders() {
  const prefix = dirname(dirname(process.execPath));
  return existsSync(join(prefix, "include", "node", "node_api.h")) ? { npm_config_nodedir: prefix } : {};
}

function run(command, args) {
  const env = { ...localHeaders(), ...process.env };
  const done = spawnSync(command, args, { cwd: root, env, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
  if (done.status === 0) return;
  const output = `${done.stdout ?? ""}${done.stderr ?? ""}`.trim() || String(done.error);
  throw new Stop(`set-up: ${command} ${args.join(" ")} failed:\n${output.slice(-4000)}`);
}
