import assert from "node:assert/strict";
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { Log } from "../../../src/base/log.ts";
import { Sysctl } from "../../../src/system/sysctl.ts";
import { fill, temporaryFolder } from "./temporary-folder.ts";

function recordingLog() {
  const lines: string[] = [];
  const note = (level: string) => (message: unknown, fields?: object) =>
    void lines.push(`${level} ${message} ${JSON.stringify(fields)}`);
  const log: Log = { error: note("error"), warn: note("warn"), info: note("info"), debug: note("debug") };
  return { log, lines };
}

test("writes a setting of a link, also of one with a dot in its name", (t) => {
  const root = temporaryFolder(t);
  fill(root, { "net/ipv4/conf/eth0.100/forwarding": "0\n" });
  const sysctl = new Sysctl(root);
  assert.equal(sysctl.setForLink("ipv4", "eth0.100", "forwarding", 1), true);
  assert.equal(readFileSync(join(root, "net/ipv4/conf/eth0.100/forwarding"), "utf8"), "1\n");
  assert.equal(sysctl.getForLink("ipv4", "eth0.100", "forwarding"), 1);
});

test("an unchanged value is not written", (t) => {
  const root = temporaryFolder(t);
  fill(root, { "net/ipv6/conf/eth0/accept_ra": "2\n" });
  const path = join(root, "net/ipv6/conf/eth0/accept_ra");
  const { mtimeNs } = statSync(path, { bigint: true });
  assert.equal(new Sysctl(root).setForLink("ipv6", "eth0", "accept_ra", 2), true);
  assert.equal(statSync(path, { bigint: true }).mtimeNs, mtimeNs);
});

test("a setting that does not exist is told at debug and nothing is made", (t) => {
  const root = temporaryFolder(t);
  fill(root, { "net/ipv4/conf/eth0/": "" });
  const { log, lines } = recordingLog();
  assert.equal(new Sysctl(root, log).setForLink("ipv4", "eth0", "no_such", 1), false);
  assert.equal(new Sysctl(root, log).getForLink("ipv4", "eth0", "no_such"), undefined);
  assert.equal(lines.length, 1);
  assert.match(lines[0] ?? "", /^debug .*net\/ipv4\/conf\/eth0\/no_such/);
});

test("a setting that may not be written is told as a warning", (t) => {
  const root = temporaryFolder(t);
  fill(root, { "net/ipv4/conf/eth0/elsewhere": "-> /dev/null" });
  const { log, lines } = recordingLog();
  assert.equal(new Sysctl(root, log).setForLink("ipv4", "eth0", "elsewhere", 1), false);
  assert.match(lines[0] ?? "", /^warn /);
});

test("nothing outside a link's own settings can be reached", (t) => {
  const root = temporaryFolder(t);
  fill(root, {
    "net/ipv4/conf/all/forwarding": "0\n",
    "net/ipv4/conf/default/forwarding": "0\n",
    "net/ipv4/forwarding": "0\n",
  });
  const sysctl = new Sysctl(root);
  for (const link of ["all", "default", "..", ".", "", "a/b", "eth0 ", "sixteen-letters-", "a\0b", "a\n"]) {
    assert.throws(() => sysctl.setForLink("ipv4", link, "forwarding", 1), { code: "InvalidArguments" }, link);
  }
  for (const name of ["../forwarding", "..", "", "Forwarding", "a/b", "a\0"]) {
    assert.throws(() => sysctl.setForLink("ipv4", "eth0", name, 1), { code: "InvalidArguments" }, name);
  }
  for (const value of [1.5, Number.NaN, Number.POSITIVE_INFINITY]) {
    assert.throws(() => sysctl.setForLink("ipv4", "eth0", "forwarding", value), { code: "InvalidArguments" });
  }
  for (const kind of ["conf/all/", "conf/default/", ""]) {
    assert.equal(readFileSync(join(root, "net/ipv4", kind, "forwarding"), "utf8"), "0\n");
  }
});

test("a text that is no number counts as another value", (t) => {
  const root = temporaryFolder(t);
  fill(root, { "net/ipv6/conf/eth0/stable_secret": "fe80::1\n" });
  const sysctl = new Sysctl(root);
  assert.equal(sysctl.getForLink("ipv6", "eth0", "stable_secret"), undefined);
  assert.equal(sysctl.setForLink("ipv6", "eth0", "stable_secret", 1), true);
});
