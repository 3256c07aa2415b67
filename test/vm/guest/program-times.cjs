"use strict";
/**
 * Loaded before the steps when VM_TIMES is set: tells when each program was started and how long the steps waited for
 * it, in seconds of the guest's clock since its boot. Programs they did not wait for have no duration.
 */
const childProcess = require("node:child_process");
const { readFileSync } = require("node:fs");

const uptime = () => Number(readFileSync("/proc/uptime", "utf8").split(" ", 1)[0]);
const told = (seconds) => seconds.toFixed(2).padStart(7);
const tell = (startedAt, took, what) => process.stderr.write(`${told(startedAt)} ${took}  ${what.slice(0, 120)}\n`);

tell(uptime(), told(process.uptime()), "(the steps' own start)");
for (const name of ["spawnSync", "spawn"]) {
  const original = childProcess[name];
  childProcess[name] = (command, args, ...rest) => {
    const startedAt = uptime();
    const result = original(command, args, ...rest);
    const took = name === "spawnSync" ? told(uptime() - startedAt) : "      -";
    tell(startedAt, took, [command, ...(args ?? [])].join(" ").replaceAll("\n", " "));
    return result;
  };
}
process.on("exit", () => tell(uptime(), "       ", "(the steps' end)"));
