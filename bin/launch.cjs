"use strict";
/**
 * Runs a bundle of dist/ through its V8 code cache: compiling the source each time would take a third of the start.
 * A cache of another Node version or other flags is refused by V8, and the bundle is compiled as usual.
 */
const { readFileSync } = require("node:fs");
const { Module } = require("node:module");
const { join } = require("node:path");
const { Script } = require("node:vm");

const dist = join(__dirname, "..", "dist");

/** Also in package.json, which is not installed. */
const oldestNode = [20, 19];

/** Undefined: this Node will do. An older one would fail somewhere inside, with a stack that tells a person nothing. */
exports.tooOld = (version) => {
  const [major, minor] = version.split(".").map(Number);
  const isEnough = major > oldestNode[0] || (major === oldestNode[0] && minor >= oldestNode[1]);
  return isEnough ? undefined : `Node ${oldestNode.join(".")} or newer is needed; this is ${version}`;
};

function giveUp(program, problem) {
  process.stderr.write(`${program}: ${problem}\n`);
  process.exit(1);
}

function read(file, encoding) {
  try {
    return readFileSync(file, encoding);
  } catch (error) {
    if (error.code === "ENOENT") return undefined;
    throw error;
  }
}

/** The compiled bundle; `run` starts it. The recorder of the cache compiles with `useCache` false. */
exports.load = (program, { useCache }) => {
  const problem = exports.tooOld(process.versions.node);
  if (problem !== undefined) giveUp(program, problem);
  const filename = join(dist, `${program}.cjs`);
  // The bundler writes ASCII only, and such a string takes half the memory.
  const source = read(filename, "latin1");
  if (source === undefined) giveUp(program, "not built yet; run: npm ci && npm run build");
  const cachedData = useCache ? read(join(dist, `${program}.cache`)) : undefined;
  const script = new Script(Module.wrap(source), { filename, cachedData });
  const run = () => {
    const bundle = new Module(filename, null);
    bundle.filename = filename;
    bundle.paths = Module._nodeModulePaths(dist);
    script
      .runInThisContext()
      .call(bundle.exports, bundle.exports, Module.createRequire(filename), bundle, filename, dist);
  };
  return { script, run };
};
