import assert from "node:assert/strict";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import Database from "better-sqlite3";
import { PropertyShape, PropertyStore, propertyTable } from "../../../src/base/property.ts";
import { sqliteStorage } from "../../../src/profiles/sqlite-storage.ts";
import type { ProfileStore } from "../../../src/profiles/store.ts";
import { temporaryFolder } from "../../harness/temporary-folder.ts";

interface Thing {
  isWanted: boolean;
  priority: number;
  bytes: bigint;
  name: string;
  servers: readonly string[];
  proxies: ReadonlyMap<string, string>;
}

const table = propertyTable<Thing>()({
  AutoConnect: {
    signature: "b",
    doc: "",
    get: (of) => of.isWanted,
    set: (of, value) => {
      of.isWanted = value;
    },
    persist: {
      default: false,
      restore: (of, value) => {
        of.isWanted = value;
      },
    },
  },
  Priority: {
    signature: "i",
    doc: "",
    get: (of) => of.priority,
    persist: {
      default: 0,
      restore: (of, value) => {
        of.priority = value;
      },
    },
  },
  RxBytes: {
    signature: "t",
    doc: "",
    get: (of) => of.bytes,
    persist: {
      default: 0n,
      restore: (of, value) => {
        of.bytes = value;
      },
    },
  },
  Name: {
    signature: "s",
    doc: "",
    get: (of) => of.name,
    persist: {
      default: "",
      restore: (of, value) => {
        of.name = value;
      },
    },
  },
  NameServers: {
    signature: "as",
    doc: "",
    get: (of) => of.servers,
    persist: {
      default: [],
      restore: (of, value) => {
        of.servers = value;
      },
    },
  },
  Proxies: {
    signature: "a{ss}",
    doc: "",
    get: (of) => of.proxies,
    persist: {
      default: new Map(),
      restore: (of, value) => {
        of.proxies = value;
      },
    },
  },
  Strength: { signature: "y", doc: "", get: () => 40 },
});

const blank = (): Thing => ({
  isWanted: false,
  priority: 0,
  bytes: 0n,
  name: "",
  servers: [],
  proxies: new Map(),
});
const full = (): Thing => ({
  ...blank(),
  isWanted: true,
  priority: -7,
  bytes: 2n ** 60n,
  name: 'a "quoted" \u0000 name 🙂',
  servers: ["192.0.2.1", "2001:db8::1"],
  proxies: new Map([
    ["__proto__", "x"],
    ["http", "y"],
  ]),
});

const shape = new PropertyShape<Thing>(table);
const properties = (of: Thing): PropertyStore<Thing> => new PropertyStore(of, shape, () => {});

function openFile(t: TestContext): { readonly location: string; open(): ProfileStore } {
  const location = join(temporaryFolder(t), "default.db");
  const open = (): ProfileStore => {
    const { store } = sqliteStorage.open(location, "open-or-create");
    t.after(() => store.close());
    return store;
  };
  return { location, open };
}

test("every type of a property table comes back from the file as it was", (t) => {
  const { open } = openFile(t);
  const written = open();
  written.write("wifi_a", properties(full()).rows());
  written.close();
  const thing = blank();
  properties(thing).restore(open().read("wifi_a") ?? new Map(), (name, error) => assert.fail(`${name}: ${error}`));
  assert.deepEqual(thing, full());
});

test("a value at its default leaves no row, and a row that is gone brings the default back", (t) => {
  const { open } = openFile(t);
  const store = open();
  const thing = full();
  const of = properties(thing);
  store.write("wifi_a", of.rows());
  thing.isWanted = false;
  store.write("wifi_a", of.rows());
  assert.equal(store.read("wifi_a")?.has("AutoConnect"), false);
  const other = full();
  properties(other).restore(store.read("wifi_a") ?? new Map(), assert.fail);
  assert.equal(other.isWanted, false);
});

test("a damaged row is reported by name and left at its default, the others are taken", (t) => {
  const { location, open } = openFile(t);
  const store = open();
  store.write("wifi_a", properties(full()).rows());
  store.close();
  const db = new Database(location);
  const damage = db.prepare("UPDATE property SET json = ? WHERE name = ?");
  damage.run('{"half', "AutoConnect");
  damage.run("4294967296", "Priority");
  damage.run('["192.0.2.1", 7]', "NameServers");
  db.close();
  const thing = blank();
  const bad: string[] = [];
  properties(thing).restore(open().read("wifi_a") ?? new Map(), (name) => bad.push(name));
  assert.deepEqual(bad, ["AutoConnect", "Priority", "NameServers"]);
  assert.deepEqual(thing, { ...full(), isWanted: false, priority: 0, servers: [] });
});

test("a property set whose commit fails changes neither the object nor the file", (t) => {
  const { location, open } = openFile(t);
  const store = open();
  const thing = blank();
  const of = properties(thing);
  store.write("wifi_a", of.rows());
  const other = new Database(location);
  t.after(() => other.close());
  other.exec("BEGIN IMMEDIATE");
  assert.throws(() => of.set("AutoConnect", true, () => store.write("wifi_a", of.rows())), /holds it locked/);
  other.exec("ROLLBACK");
  assert.equal(thing.isWanted, false);
  assert.deepEqual(store.read("wifi_a"), new Map());
});
