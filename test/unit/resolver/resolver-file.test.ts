import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { ResolverFile, resolverText } from "../../../src/resolver/resolver-file.ts";
import { anyText } from "../../harness/any-text.ts";

test("name servers, one search line and the options, in this order", () => {
  const text = resolverText({ nameServers: ["10.0.0.53", "2001:db8::53"], searchDomains: ["lan", "example.org."] });
  assert.equal(
    text,
    "nameserver 10.0.0.53\nnameserver 2001:db8::53\nsearch lan example.org.\noptions single-request timeout:1 attempts:5\n",
  );
});

test("all name servers are named, also more than three", () => {
  const nameServers = ["10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4"];
  assert.equal(resolverText({ nameServers, searchDomains: [] })?.match(/^nameserver /gm)?.length, 4);
});

test("no name servers and no domains is no file", () => {
  assert.equal(resolverText({ nameServers: [], searchDomains: [] }), undefined);
  assert.equal(resolverText({ nameServers: ["localhost"], searchDomains: ["two words"] }), undefined);
});

const badNames = [
  "two words",
  "line\nbreak",
  "nul\0",
  "tab\t",
  "-begin",
  "end-",
  "a..b",
  ".",
  "",
  "a".repeat(64),
  `${"a.".repeat(127)}toolong`,
  "käse",
  "#comment",
  "a;b",
];
test("invalid names are left out of the search line", () => {
  const text = resolverText({ nameServers: [], searchDomains: ["good", ...badNames, "_srv.good-2.example"] });
  assert.equal(text, "search good _srv.good-2.example\noptions single-request timeout:1 attempts:5\n");
});

test("for any answer of the network, no line is added and none is changed", () => {
  fc.assert(
    fc.property(fc.array(anyText()), fc.array(anyText()), (nameServers, searchDomains) => {
      const text = resolverText({ nameServers, searchDomains }) ?? "options single-request timeout:1 attempts:5\n";
      for (const line of text.slice(0, -1).split("\n")) {
        assert.match(line, /^(nameserver [0-9a-f.:]+|search [\w. -]+|options single-request timeout:1 attempts:5)$/i);
      }
    }),
  );
});

function makeFile() {
  const done: string[] = [];
  let failure: Error | undefined;
  const file = new ResolverFile("/run/resolv.conf", {
    write: (path, text) => {
      if (failure) throw failure;
      done.push(`write ${path} ${text.split("\n")[0]}`);
    },
    remove: (path) => done.push(`remove ${path}`),
  });
  const take = () => done.splice(0).join(", ");
  return { file, take, failWith: (error: Error | undefined) => (failure = error) };
}
const settings = { nameServers: ["10.0.0.53"], searchDomains: [] };

test("the file is written once for the same settings", () => {
  const { file, take } = makeFile();
  file.update(settings);
  assert.equal(take(), "write /run/resolv.conf nameserver 10.0.0.53");
  file.update({ nameServers: ["10.0.0.53"], searchDomains: [] });
  assert.equal(take(), "");
  file.update({ nameServers: ["10.0.0.54"], searchDomains: [] });
  assert.equal(take(), "write /run/resolv.conf nameserver 10.0.0.54");
});

test("without settings the file is removed, once, also one that an earlier run left", () => {
  const { file, take } = makeFile();
  file.update(undefined);
  assert.equal(take(), "remove /run/resolv.conf");
  file.update({ nameServers: [], searchDomains: [] });
  assert.equal(take(), "");
  file.update(settings);
  file.update(undefined);
  assert.equal(take(), "write /run/resolv.conf nameserver 10.0.0.53, remove /run/resolv.conf");
});

test("a write that failed is tried again with the next update", () => {
  const { file, take, failWith } = makeFile();
  failWith(new Error("disk full"));
  assert.throws(() => file.update(settings), /disk full/);
  failWith(undefined);
  file.update(settings);
  assert.equal(take(), "write /run/resolv.conf nameserver 10.0.0.53");
});
