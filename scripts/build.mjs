import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { recordCodeCaches } from "./code-cache.mjs";
import { runScript, Stop } from "./say.mjs";
import { root, setUp } from "./setup.mjs";

const programs = {
  fairleadd: "src/main.ts",
  fairlead: "src/cli/main.ts",
  "fairlead-wait-online": "src/cli/wait-online-main.ts",
  "fairlead-helper": "src/helper/helper-main.ts",
  // A child of the daemon where NetworkManager has the radio: the only process with node-wifi in it.
  "fairlead-node-wifi": "src/supplicant/node-wifi/worker-main.ts",
};

/**
 * A module that asks where it is gets the path of its source: addons and packages are found from there, in the bundle
 * as when run from the sources.
 */
const sourceLocations = {
  name: "source-locations",
  setup(build) {
    build.onLoad({ filter: /[/]src[/].*\.ts$/ }, ({ path }) => {
      const text = readFileSync(path, "utf8");
      if (!text.includes("import.meta.url")) return undefined;
      const relative = JSON.stringify(path.slice(root.length));
      return { contents: text.replaceAll("import.meta.url", `__sourceUrl(${relative})`), loader: "ts" };
    });
  },
};

const banner = `const __sourceUrl=(p)=>require("node:url").pathToFileURL(require("node:path").join(__dirname,"..",p)).href;`;

async function bundle(program, entry) {
  const { build } = await import("esbuild");
  const options = bundleOptions(program, entry);
  // The fault has been printed by then.
  await build(options).catch(() => {
    throw new Stop(`build: ${entry} cannot be bundled`);
  });
  // V8 tells a cache of another source by the length alone, so the old one goes first. A start at this moment gets the
  // old bundle or the new one, whole.
  rmSync(join(root, "dist", `${program}.cache`), { force: true });
  renameSync(options.outfile, join(root, "dist", `${program}.cjs`));
}

const bundleOptions = (program, entry) => ({
  entryPoints: [join(root, entry)],
  outfile: join(root, "dist", `${program}.cjs.new`),
  bundle: true,
  platform: "node",
  target: "node20.19",
  format: "cjs",
  charset: "ascii",
  // Names stay: they are in the stacks that people report.
  minifySyntax: true,
  minifyWhitespace: true,
  legalComments: "none",
  external: ["*.node"],
  supported: { "dynamic-import": false },
  define: { "process.env.NODE_ENV": '"production"' },
  banner: { js: banner },
  plugins: [sourceLocations],
  logLevel: "warning",
});

/** Changes with every source, the packages, this script, and the version of Node the caches are for. */
function fingerprint() {
  const sources = readdirSync(join(root, "src"), { recursive: true })
    .filter((name) => name.endsWith(".ts"))
    .map((name) => `src/${name}`);
  const inputs = [
    ...sources,
    "package-lock.json",
    "scripts/build.mjs",
    "bin/launch.cjs",
    "bin/fairleadd",
    "bin/fairlead",
    "bin/fairlead-wait-online",
    "bin/fairlead-helper",
  ];
  const newest = Math.max(...inputs.map((name) => statSync(join(root, name)).mtimeMs));
  return `${process.version} ${sources.length} ${newest}\n`;
}

function isFresh(stamp) {
  const built = join(root, "dist", "built-from");
  return existsSync(built) && readFileSync(built, "utf8") === stamp;
}

/** `--if-stale`: does nothing when dist/ was made from the present sources. */
async function main() {
  setUp(["build"]);
  const stamp = fingerprint();
  if (process.argv.includes("--if-stale") && isFresh(stamp)) return;
  mkdirSync(join(root, "dist"), { recursive: true });
  for (const [program, entry] of Object.entries(programs)) await bundle(program, entry);
  recordCodeCaches();
  writeFileSync(join(root, "dist", "built-from"), stamp);
}

runScript(main);
