import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { LogControl, silentLog } from "../../../src/base/log.ts";
import { DebugControl, debugTags, type OverrideFile } from "../../../src/manager/debug-control.ts";

function world(file: Partial<OverrideFile> = {}) {
  const lines: string[] = [];
  const logs = new LogControl({ write: (level, scope, message) => lines.push(`${level} ${scope}: ${message}`) });
  let text: string | undefined;
  const stored: OverrideFile = {
    read: () => text,
    write: (next) => {
      text = next;
    },
    remove: () => {
      text = undefined;
    },
    ...file,
  };
  const make = (control = logs) => new DebugControl(control, stored, silentLog);
  return { lines, logs, debug: make(), make, text: () => text };
}

test("an expression that begins with + or - edits the tags, any other sets them; unknown ones are ignored", () => {
  const { debug } = world();
  const steps: readonly (readonly [expression: string, tags: string])[] = [
    ["wifi+dhcp", "dhcp+wifi"],
    ["+link-wifi", "dhcp+link"],
    ["-dhcp", "link"],
    ["service-service+manager", "manager"],
    ["nonsense+__proto__+portal", "portal"],
    ["+", "portal"],
    ["", ""],
  ];
  for (const [expression, tags] of steps) {
    debug.setTags(expression);
    assert.equal(debug.tags.join("+"), tags, expression);
  }
  assert.throws(() => debug.setTags("wifi+".repeat(1000)), { code: "InvalidArguments" });
});

test("a level is read back as it was set; one that does not exist is ignored", () => {
  const { debug } = world();
  assert.equal(debug.level, 0);
  for (const [set, read] of [
    [-4, -4],
    [2, 2],
    [5, 2],
    [2_147_483_647, 2],
    [0, 0],
  ] as const) {
    debug.setLevel(set);
    assert.equal(debug.level, read);
  }
  debug.setLevelName("debug");
  assert.equal(debug.level, -1);
});

test("a tag makes the scopes that belong to it speak, and no others", () => {
  const { debug, logs, lines } = world();
  debug.setTags("link");
  logs.scope("rtnl").debug("heard");
  logs.scope("dhcp").debug("not heard");
  debug.setLevel(2);
  logs.scope("dhcp").info("not heard either");
  assert.deepEqual(lines, ["debug rtnl: heard"]);
});

test("a kept level comes back in the next run; a damaged or forgotten one does not", () => {
  const { debug, make, text } = world();
  debug.setLevel(-2);
  debug.setTags("dhcp+wifi");
  debug.persist(true);
  const next = make(new LogControl({ write() {} }));
  next.restore();
  assert.deepEqual([next.level, next.tags], [-2, ["dhcp", "wifi"]]);
  debug.persist(false);
  assert.equal(text(), undefined);
  for (const damaged of ["{", "null", '{"level":"x","tags":1}']) {
    const other = world({ read: () => damaged }).debug;
    other.restore();
    assert.deepEqual([other.level, other.tags], [0, []]);
  }
  const refusing = world({
    write: () => {
      throw new Error("disk full");
    },
  });
  assert.throws(() => refusing.debug.persist(true), { code: "Failure" });
});

test("every scope of the daemon's log belongs to a tag", () => {
  const root = fileURLToPath(new URL("../../../src/", import.meta.url));
  // fairlead-helper is a program with a log of its own.
  const isOurs = (name: string) => name.endsWith(".ts") && !name.startsWith("helper/");
  const files = readdirSync(root, { recursive: true, encoding: "utf8" }).filter(isOurs);
  const text = files.map((name) => readFileSync(join(root, name), "utf8")).join("\n");
  const { debug, logs } = world();
  debug.setTags(debugTags.join("+"));
  for (const [, scope = ""] of text.matchAll(/\.scope\("([^"]+)"\)/g)) assert.ok(logs.scopes.has(scope), scope);
});
