import assert from "node:assert/strict";
import type { Rule } from "../../../src/rtnl/rtnl.ts";
import type { Cases, Scene } from "./rtnl-host.ts";

const rule: Rule = { family: 4, priority: 500, action: "lookup", table: 1007, source: "10.0.0.2/32", protocol: 87 };
const add = (scene: Scene, wish: Rule) => scene.rtnl.request({ op: "add-rule", rule: wish });
const ours = (scene: Scene) => scene.lines("rule").filter((line) => line.includes("proto 87"));

export const ruleCases: Cases = {
  "the kernel's own rules are there from the beginning": async (scene) => {
    assert.deepEqual(scene.lines("rule"), [
      "0: from all lookup local proto kernel",
      "32766: from all lookup main proto kernel",
      "32767: from all lookup default proto kernel",
      "-6 0: from all lookup local proto kernel",
      "-6 32766: from all lookup main proto kernel",
    ]);
    assert.equal(scene.rtnl.snapshot.rules(6).length, 2);
  },

  "a rule comes, is told, and goes": async (scene) => {
    scene.takeHeard();
    await add(scene, rule);
    assert.deepEqual(scene.takeHeard(), [{ kind: "rule-added", reason: "own-request", rule }]);
    assert.deepEqual(ours(scene), ["500: from 10.0.0.2/32 lookup 1007 proto 87"]);
    await scene.rtnl.request({ op: "delete-rule", rule });
    assert.deepEqual(scene.takeHeard(), [{ kind: "rule-removed", reason: "own-request", rule }]);
  },

  "the same rule twice is refused, and so is the removal of one that is not there": async (scene) => {
    await add(scene, rule);
    assert.equal((await scene.refused({ op: "add-rule", rule })).code, "EEXIST");
    const other = { ...rule, source: "10.0.0.3/32" };
    assert.equal((await scene.refused({ op: "delete-rule", rule: other })).code, "ENOENT");
  },

  "rules show every condition they were made with": async (scene) => {
    await add(scene, { ...rule, priority: 501, mark: 0x57, markMask: 0xff, table: 7 });
    await add(scene, { ...rule, priority: 502, inputInterface: "lo", destination: "10.1.0.0/16" });
    await add(scene, { ...rule, priority: 503, table: 254, suppressPrefixLength: 0 });
    await add(scene, { family: 4, priority: 504, action: "unreachable", table: 0, mark: 1, protocol: 87 });
    assert.deepEqual(ours(scene), [
      "501: from 10.0.0.2/32 fwmark 0x57/0xff lookup 7 proto 87",
      "502: from 10.0.0.2/32 to 10.1.0.0/16 iif lo lookup 1007 proto 87",
      "503: from 10.0.0.2/32 lookup main suppress_prefixlength 0 proto 87",
      "504: from all fwmark 0x1/0xffffffff unreachable proto 87",
    ]);
  },

  "IPv6 has rules of its own": async (scene) => {
    await add(scene, { ...rule, family: 6, source: "2001:db8::/32", outputInterface: "lo" });
    assert.deepEqual(ours(scene), ["-6 500: from 2001:db8::/32 oif lo lookup 1007 proto 87"]);
    const wrong = { ...rule, source: "2001:db8::/32" };
    assert.equal((await scene.refused({ op: "add-rule", rule: wrong })).code, "EINVAL");
  },
};
