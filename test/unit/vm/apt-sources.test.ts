import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { suite, test } from "node:test";
import { temporaryFolder } from "../../harness/temporary-folder.ts";
import { hostSources, stanzasOfLines, stanzasOfText } from "../../vm/image/apt-sources.ts";

suite("apt's lines", () => {
  test("become stanzas, options and comments understood", () => {
    const text = `
# deb http://commented.example/debian bookworm main
deb http://archive.example/debian bookworm main contrib # a mirror
  deb [arch=amd64 signed-by=/usr/share/keyrings/a.gpg] https://other.example/debian bookworm-updates main
deb-src http://archive.example/debian bookworm main
`;
    assert.deepEqual(stanzasOfLines(text), [
      "Types: deb\nURIs: http://archive.example/debian\nSuites: bookworm\nComponents: main contrib",
      [
        "Types: deb",
        "URIs: https://other.example/debian",
        "Suites: bookworm-updates",
        "Components: main",
        "Signed-By: /usr/share/keyrings/a.gpg",
      ].join("\n"),
    ]);
  });

  test("a flat repository has no components", () => {
    assert.deepEqual(stanzasOfLines("deb file:/srv/packages ./\n"), [
      "Types: deb\nURIs: file:/srv/packages\nSuites: ./",
    ]);
  });
});

test("stanzas: those of sources alone and those switched off go, and so do comments", () => {
  const wanted = "Types: deb deb-src\nURIs: http://a.example\nSuites: bookworm";
  const text = [
    `# a comment\n${wanted}`,
    "Types: deb-src\nURIs: http://b.example\nSuites: bookworm",
    "Types: deb\nEnabled: no\nURIs: http://c.example\nSuites: bookworm",
  ].join("\n \n");
  assert.deepEqual(stanzasOfText(text), [wanted]);
});

suite("the host's sources", () => {
  test("are those of the release and its updates, from all of apt's files", (t) => {
    const folder = temporaryFolder(t);
    mkdirSync(join(folder, "sources.list.d"));
    const write = (name: string, text: string) => writeFileSync(join(folder, name), text);
    write("sources.list", "deb http://a.example bookworm main\ndeb http://a.example trixie main\n");
    write("sources.list.d/updates.sources", "Types: deb\nURIs: http://b.example\nSuites: bookworm-updates\n");
    write("sources.list.d/foreign.list", "deb http://c.example stable main\n");
    write("sources.list.d/mixed.sources", "Types: deb\nURIs: http://d.example\nSuites: bookworm sid\n");
    write("sources.list.d/old.list.save", "deb http://e.example bookworm main\n");
    const uris = [...hostSources("bookworm", folder).matchAll(/^URIs: (\S+)$/gm)].map(([, uri]) => uri);
    assert.deepEqual(uris, ["http://a.example", "http://b.example"]);
  });

  test("a host without any is told so, and no half image is begun", (t) => {
    assert.throws(() => hostSources("bookworm", temporaryFolder(t)), /no source of packages for Debian bookworm/);
  });
});
