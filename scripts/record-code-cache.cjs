"use strict";
/**
 * record-code-cache.cjs PROGRAM [ARGUMENTS]: runs a bundle exactly as its launcher does, and at its end writes the code
 * of every function that ran into dist/PROGRAM.cache. Node's flags must be those of the launcher: V8 compares them.
 */
const { renameSync, writeFileSync } = require("node:fs");
const { join } = require("node:path");
const { load } = require("../bin/launch.cjs");

const [program] = process.argv.splice(2, 1);
const { script, run } = load(program, { useCache: false });
process.on("exit", () => {
  const file = join(__dirname, "..", "dist", `${program}.cache`);
  // Renamed into place: a start at this moment sees all of it or nothing.
  writeFileSync(`${file}.new`, script.createCachedData());
  renameSync(`${file}.new`, file);
});
run();
