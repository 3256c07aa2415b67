"use strict";
/**
 * steps.cjs: the process of a job's steps. It starts before there is a job, so that a saved machine holds a Node that
 * has started; when a line comes on standard input, it takes the job from the folder that the host shares and becomes it.
 */
const { readFileSync, readSync, writeFileSync } = require("node:fs");
const folder = "/run/vm/job";

/** What nearly all steps load; loading them takes an emulated processor a second. */
const usual = ["assert/strict", "child_process", "dgram", "fs/promises", "net", "os", "test", "timers/promises", "url"];

async function main() {
  for (const name of usual) require(`node:${name}`);
  require("./preloaded.cjs");
  // The loader of ES modules, which the reporter of the tests is one of.
  await import("data:text/javascript,");
  writeFileSync("/run/vm/is-warm", "");
  readSync(0, Buffer.alloc(1));
  const { project, environment, modules } = JSON.parse(readFileSync(`${folder}/job.json`, "utf8"));
  Object.assign(process.env, environment);
  process.chdir(project);
  for (const module of modules) require(module);
}

main();
