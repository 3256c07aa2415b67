import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize, relative } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../", import.meta.url));

/** Which floor each folder of src/ stands on; "a/b" wins over "a". See docs/architecture.md. */
const floors: Readonly<Record<string, number>> = {
  base: 0,
  native: 1,
  rtnl: 1,
  packet: 1,
  bus: 1,
  system: 1,
  supplicant: 1.5,
  modem: 1.5,
  polkit: 1.5,
  sleep: 1.5,
  resolver: 1.5,
  helper: 1.5,
  network: 2,
  profiles: 2,
  services: 3,
  devices: 4,
  providers: 5,
  technologies: 5.5,
  policy: 6,
  "device-info": 7,
  manager: 7,
  config: 7,
  "config/uci": 0.5,
  "config/wireguard": 0.5,
  dbus: 8,
  facades: 8,
  assembly: 8.5,
  rehearsal: 8.7,
  daemon: 9,
};
/** Programs that stand apart and speak D-Bus like any client. */
const clients = new Set(["cli", "lab"]);
const clientsMayImport = new Set(["base", "bus", "native", "config/uci", "config/wireguard"]);
const maxLines = 600;

const filesBelow = (folder: string): string[] =>
  readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => !`/${name}`.includes("/build/"))
    .map((name) => join(folder, name));
const sourceFiles = (folder: string): string[] => filesBelow(folder).filter((name) => name.endsWith(".ts"));

/** Static and dynamic imports, re-exports and type imports of relative files, as paths from the root. */
function importsOf(file: string): string[] {
  const text = readFileSync(join(root, file), "utf8");
  const found = text.matchAll(/(?:\bfrom\s+|\bimport\s+|\bimport\s*\(\s*|\brequire\s*\(\s*)["'](\.[^"']*)["']/g);
  return [...found]
    .map(([, target = ""]) => normalize(join(dirname(file), target)))
    .filter((target) => !target.endsWith(".node"));
}

/** "base" of "src/base/clock.ts"; "daemon" for the files directly in src/. */
function folderOf(file: string): string {
  const [, folder = "", next, below] = relative("", file).split("/");
  const both = `${folder}/${next}`;
  if (below !== undefined && Object.hasOwn(floors, both)) return both;
  return next === undefined ? "daemon" : folder;
}

function breach(from: string, to: string): string | undefined {
  const [above, below] = [folderOf(from), folderOf(to)];
  if (!to.startsWith("src/")) return to.endsWith("package.json") ? undefined : `${from} imports ${to}, outside src/`;
  if (above === below) return undefined;
  if (clients.has(above)) {
    return clientsMayImport.has(below) ? undefined : `${from} imports ${to}: ${above}/ speaks D-Bus as any client`;
  }
  const [upper, lower] = [floors[above], floors[below]];
  if (upper === undefined) return `${from}: no floor is known for src/${above}`;
  if (lower === undefined) return `${from} imports ${to}: no floor is known for src/${below}`;
  if (lower < upper) return undefined;
  if (lower > upper) return `${from} (floor ${upper}) imports ${to} (floor ${lower})`;
  return mayImportSideways(above, below) ? undefined : `${from} imports its neighbour ${to} on floor ${upper}`;
}

/**
 * Floor 1 shares the addon, and floor 7 sees it all; elsewhere neighbours meet through an interface of a lower floor.
 */
const mayImportSideways = (from: string, to: string): boolean => to === "native" || floors[from] === 7;

/** The first circle found, as the list of files along it. */
function findCircle(graph: ReadonlyMap<string, readonly string[]>): string[] {
  const done = new Set<string>();
  const path: string[] = [];
  const visit = (file: string): string[] => {
    if (path.includes(file)) return [...path.slice(path.indexOf(file)), file];
    if (done.has(file)) return [];
    path.push(file);
    for (const target of graph.get(file) ?? []) {
      const circle = visit(target);
      if (circle.length > 0) return circle;
    }
    path.pop();
    done.add(file);
    return [];
  };
  for (const file of graph.keys()) {
    const circle = visit(file);
    if (circle.length > 0) return circle;
  }
  return [];
}

test("imports go only to lower floors", () => {
  const breaches = sourceFiles("src").flatMap((file) => importsOf(file).map((target) => breach(file, target)));
  assert.deepEqual(
    breaches.filter((line) => line !== undefined),
    [],
  );
});

test("a breach of the floors would be found", () => {
  assert.match(breach("src/base/a.ts", "src/bus/b.ts") ?? "", /floor 0.*floor 1/);
  assert.match(breach("src/rtnl/a.ts", "src/bus/b.ts") ?? "", /neighbour/);
  assert.match(breach("src/network/a.ts", "src/profiles/b.ts") ?? "", /neighbour/);
  assert.match(breach("src/cli/a.ts", "src/manager/b.ts") ?? "", /any client/);
  assert.match(breach("src/novel/a.ts", "src/base/b.ts") ?? "", /no floor/);
  assert.match(breach("src/base/a.ts", "test/fakes/b.ts") ?? "", /outside src/);
  assert.equal(breach("src/rtnl/a.ts", "src/native/b.ts"), undefined);
  assert.equal(breach("src/main.ts", "src/dbus/b.ts"), undefined);
  assert.match(breach("src/config/uci/a.ts", "src/config/b.ts") ?? "", /floor 0.5.*floor 7/);
  assert.equal(breach("src/config/b.ts", "src/config/uci/a.ts"), undefined);
});

test("every import names a file that is there", () => {
  const missing = sourceFiles("src").flatMap((file) =>
    importsOf(file)
      .filter((target) => !existsSync(join(root, target)))
      .map((target) => `${file} imports ${target}`),
  );
  assert.deepEqual(missing, []);
});

test("no file imports itself through others, type imports included", () => {
  const graph = new Map(sourceFiles("src").map((file) => [file, importsOf(file)]));
  assert.deepEqual(findCircle(graph), []);
});

test("a circle of imports would be found", () => {
  const graph = new Map([
    ["a", ["b"]],
    ["b", ["c", "d"]],
    ["c", []],
    ["d", ["b"]],
  ]);
  assert.deepEqual(findCircle(graph), ["b", "d", "b"]);
});

test(`no source or test file is longer than ${maxLines} lines`, () => {
  const tooLong = [...sourceFiles("src"), ...sourceFiles("test")]
    .map((file) => [file, readFileSync(join(root, file), "utf8").split("\n").length - 1] as const)
    .filter(([, lines]) => lines > maxLines);
  assert.deepEqual(tooLong, []);
});

test("files are named after their subject, in kebab-case", () => {
  const vague = /(^|[-/])(utils?|helpers?|misc|common|index)(\.test)?\.ts$/;
  const badlyNamed = [...sourceFiles("src"), ...sourceFiles("test")].filter(
    (file) => vague.test(file) || !/^[a-z0-9./-]+$/.test(file),
  );
  assert.deepEqual(badlyNamed, []);
});

test("modules have named exports only", () => {
  const offenders = sourceFiles("src").filter((file) =>
    /^\s*export\s+(default\b|\*)/m.test(readFileSync(join(root, file), "utf8")),
  );
  assert.deepEqual(offenders, []);
});

test("nothing committed names a folder of the machine it was written on", () => {
  const machinePath = /\/work\/[a-z]|\/home\/[a-z]|\/root\//;
  const text = /\.(ts|mjs|md|sh|json|toml|xml|cc|h)$/;
  const offenders = ["src", "test", "scripts", "bin", "docs", "profiles", "dbus-interfaces"]
    .filter((folder) => existsSync(join(root, folder)))
    .flatMap((folder) => filesBelow(folder).filter((file) => text.test(file)))
    .filter((file) => file !== "test/unit/floors.test.ts")
    .filter((file) => machinePath.test(readFileSync(join(root, file), "utf8")));
  assert.deepEqual(offenders, []);
});
