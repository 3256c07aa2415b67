import assert from "node:assert/strict";
import { test } from "node:test";
import { checkLinkName, LinkSelection } from "../../../src/device-info/link-names.ts";

for (const name of ["", "sixteen-letters-", "a/b", "a b", "a\nb", "a\0b", "a:b", ".", ".."]) {
  test(`${JSON.stringify(name)} is refused as a link name`, () => {
    assert.throws(() => checkLinkName(name), { code: "InvalidArguments" });
  });
}

test("a name that the kernel takes is taken", () => {
  for (const name of ["eth0", "fifteen-letters", "br-lan.5", "wlp2s0"]) checkLinkName(name);
});

test("a claim comes before the block list, the block list before the allow list", () => {
  const links = new LinkSelection({ block: ["eth0"], allow: ["eth1", "eth2"] });
  links.claim("eth2");
  assert.equal(links.exclusion("eth0"), "in the block list");
  assert.equal(links.exclusion("eth1"), undefined);
  assert.equal(links.exclusion("eth2"), "claimed by a client");
  assert.equal(links.exclusion("eth3"), "not in the allow list");
});

test("an empty allow list allows nothing, an absent one everything", () => {
  assert.equal(new LinkSelection({ block: [], allow: [] }).exclusion("eth0"), "not in the allow list");
  assert.equal(new LinkSelection({ block: [], allow: undefined }).exclusion("eth0"), undefined);
});

test("a client cannot make the list of claims grow without end", () => {
  const links = new LinkSelection({ block: [], allow: undefined });
  for (let n = 0; n < 4096; n++) links.claim(`l${n}`);
  assert.throws(() => links.claim("one-more"), /Too many/);
});

test("an allow list names links, and without one none is named", () => {
  const links = new LinkSelection({ block: [], allow: ["test_veth"] });
  assert.deepEqual([links.isAllowed("test_veth"), links.isAllowed("eth0")], [true, false]);
  assert.equal(new LinkSelection({ block: [], allow: undefined }).isAllowed("eth0"), false);
});
