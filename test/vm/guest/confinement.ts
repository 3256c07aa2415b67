import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { run, tryRun } from "../../harness/processes.ts";

const places = ["/etc", "/usr/local/lib/fairlead", "/var/lib", "/run", "/home", "/root"];
const folders = ["/var/lib/fairlead", "/run/fairlead"];

/** A helper of the daemon's user: no power of root's, a filter of system calls, and files only where it may write. */
export function assertConfined(pid: number, writable: readonly string[]): void {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  const field = (name: string) => new RegExp(`^${name}:\\s*(.*)$`, "m").exec(status)?.[1]?.replaceAll("\t", " ");
  const uid = run("id", ["-u", "fairlead"]).trim();
  assert.equal(field("Uid"), `${uid} ${uid} ${uid} ${uid}`);
  for (const set of ["CapBnd", "CapEff", "CapPrm", "CapAmb"]) assert.equal(field(set), "0000000000000000", set);
  assert.deepEqual([field("NoNewPrivs"), field("Seccomp")], ["1", "2"]);
  assert.match(readFileSync(`/proc/${pid}/limits`, "utf8"), /^Max core file size +0 +0 /m);
  const planted = (as: readonly string[]) =>
    [...places, ...folders].filter((folder) => inPlaceOf(pid, [...as, "touch", `${folder}/planted`]));
  assert.deepEqual(planted(["setpriv", "--reuid", uid, "--clear-groups"]), writable, "as its user");
  for (const folder of ["/etc", "/usr/local/lib/fairlead", "/home"]) {
    assert.ok(!planted([]).includes(folder), `${folder}: read-only or hidden for any user`);
  }
  assert.ok(!inPlaceOf(pid, ["test", "-e", "/dev/vda"]), "no disk among its devices");
  for (const folder of writable) run("rm", ["-f", `${folder}/planted`]);
}

const inPlaceOf = (pid: number, command: readonly string[]): boolean =>
  tryRun("nsenter", ["--mount", "--target", String(pid), ...command]).code === 0;

/** It sees no link but its own loopback. */
export function assertNoNetwork(pid: number): void {
  const links = run("nsenter", ["--net", "--target", String(pid), "ip", "-brief", "link"]);
  assert.match(links.trim(), /^lo\s[^\n]*$/);
}
