import assert from "node:assert/strict";
import { statSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { DaemonError, type ErrorCode } from "../../../src/base/errors.ts";
import { KeptStore } from "../../../src/profiles/kept-store.ts";
import { MemoryStorage, type MemoryStore } from "../../../src/profiles/memory-store.ts";
import { sqliteStorage } from "../../../src/profiles/sqlite-storage.ts";
import type { ProfileStorage, ProfileStore, StoredLease } from "../../../src/profiles/store.ts";
import { storeLimits } from "../../../src/profiles/store-limits.ts";
import { temporaryFolder } from "../../harness/temporary-folder.ts";

/** As the stack opens them: on a disk that takes everything the port's promises are those of the store on disk. */
const keptStorage: ProfileStorage = {
  ...sqliteStorage,
  open(location, mode) {
    const { store: disk, ...opened } = sqliteStorage.open(location, mode);
    const unheard = () => {};
    const ports = {
      location,
      open: () => disk,
      read: () => undefined,
      failed: unheard,
      works: unheard,
      reread: unheard,
    };
    return { ...opened, store: KeptStore.open(ports, false) };
  },
};

interface Twin {
  readonly name: string;
  make(t: TestContext): { readonly storage: ProfileStorage; readonly folder: string };
  /** Grows with each commit. */
  commits(store: ProfileStore): number;
}

const twins: readonly Twin[] = [
  {
    name: "in memory",
    make: () => ({ storage: new MemoryStorage(), folder: "/nowhere" }),
    commits: (store) => (store as MemoryStore).commits,
  },
  {
    name: "in SQLite",
    make: (t) => ({ storage: sqliteStorage, folder: temporaryFolder(t) }),
    commits: (store) => statSync(`${store.location}-wal`).size,
  },
  {
    name: "kept, on a disk that works",
    make: (t) => ({ storage: keptStorage, folder: temporaryFolder(t) }),
    commits: (store) => statSync(`${store.location}-wal`).size,
  },
];

const rows = (object: Record<string, string>): ReadonlyMap<string, string> => new Map(Object.entries(object));

const lease = (network: string, expiresAtMs = 1000, entry = "ethernet_any"): StoredLease => ({
  entry,
  network,
  json: `{"of":"${network}"}`,
  expiresAtMs,
});

const refuses = (code: ErrorCode, call: () => unknown): void => {
  assert.throws(call, (error) => error instanceof DaemonError && error.code === code && error.message.length > 10);
};

for (const { name, make, commits } of twins) {
  const openNew = (t: TestContext): ProfileStore => {
    const { storage, folder } = make(t);
    const { store } = storage.open(join(folder, "a.db"), "create");
    t.after(() => store.close());
    return store;
  };

  test(`${name}: a new store holds nothing`, (t) => {
    const store = openNew(t);
    assert.deepEqual(store.entries(), []);
    assert.equal(store.read("global"), undefined);
    assert.equal(store.has("global"), false);
    assert.deepEqual(store.leases("global"), []);
    assert.equal(store.delete("global"), false);
  });

  test(`${name}: an entry reads back as it was written, and entries keep the order of their first write`, (t) => {
    const store = openNew(t);
    store.write("wifi_b", rows({ Name: '"b"', Priority: "7" }));
    store.write("ethernet_any", rows({ AutoConnect: "true" }));
    store.write("wifi_b", rows({ Name: '"b"' }));
    assert.deepEqual(store.entries(), ["wifi_b", "ethernet_any"]);
    assert.deepEqual(store.read("wifi_b"), rows({ Name: '"b"' }));
    assert.deepEqual(store.read("ethernet_any"), rows({ AutoConnect: "true" }));
  });

  test(`${name}: an entry may exist without rows`, (t) => {
    const store = openNew(t);
    store.write("global", new Map());
    assert.equal(store.has("global"), true);
    assert.deepEqual(store.read("global"), new Map());
    store.write("global", rows({ ArpGateway: "false" }));
    store.write("global", new Map());
    assert.deepEqual(store.read("global"), new Map());
  });

  test(`${name}: names and values of any script, quotes and SQL are only text`, (t) => {
    const store = openNew(t);
    for (const entry of ["__proto__", "Robert'); DROP TABLE entry;--", "wifi_Ω_名_🙂", '"', "%", "a\u00a0b"]) {
      const content = rows({ __proto__x: "1", constructor: '"x"', [entry]: '"\u0000\ud83d\ude42"' });
      store.write(entry, content);
      assert.deepEqual(store.read(entry), content);
    }
    assert.equal(store.entries().length, 6);
  });

  test(`${name}: a value with half a surrogate pair comes back as JSON escaped it`, (t) => {
    const store = openNew(t);
    const content = rows({ Name: JSON.stringify("\ud800") });
    store.write("wifi_x", content);
    assert.deepEqual(store.read("wifi_x"), content);
  });

  test(`${name}: writing what is already there costs no commit, a difference costs one`, (t) => {
    const store = openNew(t);
    store.write("wifi_a", rows({ Name: '"a"', Priority: "1" }));
    const before = commits(store);
    store.write("wifi_a", rows({ Priority: "1", Name: '"a"' }));
    assert.equal(commits(store), before);
    store.write("wifi_a", rows({ Priority: "2", Name: '"a"' }));
    assert.ok(commits(store) > before);
  });

  test(`${name}: what was read is the reader's own`, (t) => {
    const store = openNew(t);
    const written = new Map([["Name", '"a"']]);
    store.write("wifi_a", written);
    written.set("Name", '"changed"');
    (store.read("wifi_a") as Map<string, string>).clear();
    assert.deepEqual(store.read("wifi_a"), rows({ Name: '"a"' }));
  });

  test(`${name}: deleting an entry takes its rows and leases and nothing else`, (t) => {
    const store = openNew(t);
    store.write("wifi_a", rows({ Name: '"a"' }));
    store.write("wifi_b", rows({ Name: '"b"' }));
    store.writeLease(lease("home", 1000, "wifi_a"));
    store.writeLease(lease("home", 1000, "wifi_b"));
    assert.equal(store.delete("wifi_a"), true);
    assert.equal(store.read("wifi_a"), undefined);
    assert.deepEqual(store.leases("wifi_a"), []);
    assert.deepEqual(store.entries(), ["wifi_b"]);
    assert.deepEqual(store.read("wifi_b"), rows({ Name: '"b"' }));
    assert.deepEqual(store.leases("wifi_b"), [lease("home", 1000, "wifi_b")]);
  });

  test(`${name}: leases come newest first, one per network, with or without an entry`, (t) => {
    const store = openNew(t);
    for (const network of ["one", "two", ""]) store.writeLease(lease(network));
    store.writeLease(lease("one", Number.MAX_SAFE_INTEGER));
    assert.deepEqual(store.leases("ethernet_any"), [lease("one", Number.MAX_SAFE_INTEGER), lease(""), lease("two")]);
    assert.deepEqual(store.entries(), []);
    store.deleteLease("ethernet_any", "");
    store.deleteLease("ethernet_any", "unknown");
    assert.deepEqual(
      store.leases("ethernet_any").map(({ network }) => network),
      ["one", "two"],
    );
    store.deleteLeases("ethernet_any");
    assert.deepEqual(store.leases("ethernet_any"), []);
  });

  test(`${name}: a transaction whose change throws leaves everything as it was`, (t) => {
    const store = openNew(t);
    store.write("wifi_a", rows({ Name: '"a"' }));
    store.writeLease(lease("home"));
    const cause = new Error("in the middle");
    const change = () => {
      store.write("wifi_a", rows({ Name: '"b"' }));
      store.write("wifi_c", rows({}));
      store.delete("wifi_a");
      store.deleteLeases("ethernet_any");
      throw cause;
    };
    assert.throws(
      () => store.transaction(change),
      (error) => error === cause,
    );
    assert.deepEqual(store.entries(), ["wifi_a"]);
    assert.deepEqual(store.read("wifi_a"), rows({ Name: '"a"' }));
    assert.deepEqual(store.leases("ethernet_any"), [lease("home")]);
  });

  test(`${name}: a transaction returns its result; an inner one can fail alone`, (t) => {
    const store = openNew(t);
    const result = store.transaction(() => {
      store.write("wifi_a", rows({}));
      const inner = () => {
        store.write("wifi_b", rows({}));
        throw new Error("inner");
      };
      assert.throws(() => store.transaction(inner), /inner/);
      store.write("wifi_c", rows({}));
      return 42;
    });
    assert.equal(result, 42);
    assert.deepEqual(store.entries(), ["wifi_a", "wifi_c"]);
  });

  test(`${name}: a transaction refuses an asynchronous change and takes back what it did`, (t) => {
    const store = openNew(t);
    assert.throws(() => store.transaction(async () => store.write("wifi_a", rows({}))), TypeError);
    assert.deepEqual(store.entries(), []);
  });

  test(`${name}: names, values, rows and times beyond the bounds are refused and nothing changes`, (t) => {
    const store = openNew(t);
    store.write("wifi_a", rows({ Name: '"a"' }));
    const long = "x".repeat(storeLimits.nameLength + 1);
    const huge = "x".repeat(storeLimits.valueLength + 1);
    const many = new Map(Array.from({ length: storeLimits.rowsPerEntry + 1 }, (_, at) => [`Row${at}`, "1"]));
    for (const entry of ["", long, "a\nb", "a\u0000b", "a\ud800b"]) {
      refuses("InvalidArguments", () => store.write(entry, rows({})));
      refuses("InvalidArguments", () => store.writeLease(lease("home", 1, entry)));
    }
    for (const bad of [rows({ "": "1" }), rows({ [long]: "1" }), rows({ "a\tb": "1" }), rows({ Name: huge }), many]) {
      refuses("InvalidArguments", () => store.write("wifi_a", bad));
    }
    for (const time of [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53]) {
      refuses("InvalidArguments", () => store.writeLease(lease("home", time)));
    }
    refuses("InvalidArguments", () => store.writeLease({ ...lease("home"), json: huge }));
    refuses("InvalidArguments", () => store.writeLease(lease(long)));
    assert.deepEqual(store.entries(), ["wifi_a"]);
    assert.deepEqual(store.read("wifi_a"), rows({ Name: '"a"' }));
    assert.deepEqual(store.leases("ethernet_any"), []);
  });

  test(`${name}: what is exactly at the bounds is taken`, (t) => {
    const store = openNew(t);
    const entry = "é".repeat(storeLimits.nameLength);
    const many = new Map(Array.from({ length: storeLimits.rowsPerEntry }, (_, at) => [`Row${at}`, "1"]));
    store.write(entry, many.set("Row0", "x".repeat(storeLimits.valueLength)));
    assert.deepEqual(store.read(entry), many);
  });

  test(`${name}: a full Profile takes no new entry, changes those it has, and has room again when one is deleted`, (t) => {
    const store = openNew(t);
    const fill = () => {
      for (let at = 0; at < storeLimits.entries; at++) store.write(`wifi_${at}`, rows({}));
    };
    store.transaction(fill);
    refuses("InvalidArguments", () => store.write("wifi_more", rows({})));
    store.write("wifi_0", rows({ Name: '"a"' }));
    refuses("InvalidArguments", () =>
      store.transaction(() => {
        store.delete("wifi_1");
        store.write("wifi_more", rows({}));
        store.write("wifi_and_more", rows({}));
      }),
    );
    assert.ok(store.has("wifi_1") && !store.has("wifi_more"));
    store.delete("wifi_1");
    store.write("wifi_more", rows({}));
    assert.equal(store.entries().length, storeLimits.entries);
  });

  test(`${name}: a closed store refuses everything but being closed again`, (t) => {
    const store = openNew(t);
    store.close();
    store.close();
    store.scrub();
    const calls = [
      () => store.entries(),
      () => store.has("a"),
      () => store.read("a"),
      () => store.write("a", rows({})),
      () => store.delete("a"),
      () => store.leases("a"),
      () => store.writeLease(lease("home")),
      () => store.deleteLease("a", ""),
      () => store.deleteLeases("a"),
      () => store.transaction(() => {}),
    ];
    for (const call of calls) refuses("InternalError", call);
  });

  test(`${name}: what was written is there when the storage is opened again`, (t) => {
    const { storage, folder } = make(t);
    const location = join(folder, "a.db");
    const first = storage.open(location, "open-or-create");
    assert.equal(first.isNew, true);
    first.store.write("wifi_a", rows({ Name: '"a"' }));
    first.store.writeLease(lease("home"));
    first.store.close();
    const second = storage.open(location, "open");
    t.after(() => second.store.close());
    assert.equal(second.isNew, false);
    assert.equal(second.setAside, undefined);
    assert.deepEqual(second.store.read("wifi_a"), rows({ Name: '"a"' }));
    assert.deepEqual(second.store.leases("ethernet_any"), [lease("home")]);
  });

  test(`${name}: opening says NotFound and AlreadyExists; removing what is not there is no error`, (t) => {
    const { storage, folder } = make(t);
    const location = join(folder, "a.db");
    refuses("NotFound", () => storage.open(location, "open"));
    assert.equal(storage.exists(location), false);
    storage.open(location, "create").store.close();
    assert.equal(storage.exists(location), true);
    refuses("AlreadyExists", () => storage.open(location, "create"));
    assert.deepEqual(storage.list(folder), [location]);
    storage.remove(location);
    storage.remove(location);
    assert.equal(storage.exists(location), false);
    assert.deepEqual(storage.list(folder), []);
    assert.deepEqual(storage.list(join(folder, "missing")), []);
  });
}
