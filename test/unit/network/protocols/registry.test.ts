import assert from "node:assert/strict";
import { test } from "node:test";
import { DaemonError } from "../../../../src/base/errors.ts";
import type { ProtocolHandler } from "../../../../src/network/protocols/handler.ts";
import { ProtocolRegistry } from "../../../../src/network/protocols/registry.ts";

const handler = (name: string): ProtocolHandler<unknown> => ({
  name,
  attach: () => ({ setup: () => Promise.reject(new Error("no")), teardown: async () => {} }),
});
const refuses = (code: string, pattern: RegExp) => (error: unknown) =>
  error instanceof DaemonError && error.code === code && pattern.test(error.message);

test("a registered handler is found by its name", () => {
  const registry = new ProtocolRegistry();
  const one = handler("static");
  registry.register(one);
  registry.register(handler("dhcp4"));
  assert.equal(registry.get("static"), one);
  assert.deepEqual(registry.names(), ["dhcp4", "static"]);
});

test("a second handler of the same name is refused and the first stays", () => {
  const registry = new ProtocolRegistry();
  const one = handler("static");
  registry.register(one);
  assert.throws(() => registry.register(handler("static")), refuses("AlreadyExists", /"static"/));
  assert.equal(registry.get("static"), one);
});

test("an unknown name is refused, naming it and what there is", () => {
  const registry = new ProtocolRegistry();
  assert.throws(() => registry.get("pptp"), refuses("NotFound", /"pptp" \(known: none\)/));
  registry.register(handler("static"));
  assert.throws(() => registry.get("__proto__"), refuses("NotFound", /known: static/));
});
