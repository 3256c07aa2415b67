import assert from "node:assert/strict";
import { test } from "node:test";
import { DaemonError } from "../../../src/base/errors.ts";
import { KeptStore } from "../../../src/profiles/kept-store.ts";
import { MemoryStore } from "../../../src/profiles/memory-store.ts";
import type { EntryRows, ProfileStore } from "../../../src/profiles/store.ts";

const rows = (value: string): EntryRows => new Map([["Name", value]]);
const lease = (network: string) => ({ entry: "device_1", network, json: "{}", expiresAtMs: 9e12 });

/** A disk that can be full, or not there, around a store in memory. */
class Disk {
  readonly content = new MemoryStore("/state/a.db");
  isFull = false;
  isGone = false;
  isReadable = true;
  readonly told: string[] = [];
  reread: readonly string[] = [];

  /** As another program would leave it. */
  replace(change: (store: ProfileStore) => void): void {
    change(this.content);
  }
  open(isIndispensable = true): KeptStore {
    return KeptStore.open(
      {
        location: "/state/a.db",
        open: () => this.#open(),
        read: () => (this.isReadable ? this.#copy() : undefined),
        failed: (reason) => void this.told.push(reason),
        works: () => void this.told.push("works"),
        reread: (entries) => {
          this.reread = [...entries];
        },
      },
      isIndispensable,
    );
  }
  #open(): ProfileStore {
    if (this.isGone) throw new DaemonError("NotStored", "/state/a.db: the file system is read-only");
    const refuse = () => {
      if (this.isFull) throw new DaemonError("NotStored", "/state/a.db: the disk is full");
    };
    return new Proxy(this.content, {
      get: (content, name) => {
        const member = Reflect.get(content, name) as unknown;
        if (typeof member !== "function") return member;
        return (...args: unknown[]) => {
          if (["write", "delete", "writeLease", "deleteLease", "probe"].includes(String(name))) refuse();
          return name === "close" ? undefined : Reflect.apply(member, content, args);
        };
      },
    });
  }
  #copy(): ProfileStore {
    const copy = new MemoryStore("copy");
    for (const entry of this.content.entries()) copy.write(entry, this.content.read(entry) ?? new Map());
    return copy;
  }
}
const refuses = (call: () => unknown) =>
  assert.throws(call, (error) => error instanceof DaemonError && error.code === "NotStored");

test("a client's change on a full disk is refused and not in force; the daemon's own is kept and written later", () => {
  const disk = new Disk();
  const store = disk.open();
  disk.isFull = true;
  refuses(() => store.write("a", rows('"client"')));
  assert.equal(store.read("a"), undefined);
  store.keep(() => {
    store.write("b", rows('"daemon"'));
    store.writeLease(lease("home"));
  });
  assert.deepEqual(
    [store.entries(), store.read("b"), store.leases("device_1")],
    [["b"], rows('"daemon"'), [lease("home")]],
  );
  assert.deepEqual(disk.content.entries(), []);
  refuses(() => store.retry());
  disk.isFull = false;
  store.retry();
  assert.deepEqual([disk.content.read("b"), disk.content.leases("device_1")], [rows('"daemon"'), [lease("home")]]);
  assert.equal(disk.told.at(-1), "works");
});

test("a client's success takes along what was kept", () => {
  const disk = new Disk();
  const store = disk.open();
  disk.isFull = true;
  store.keep(() => store.write("b", rows('"daemon"')));
  disk.isFull = false;
  store.write("a", rows('"client"'));
  assert.deepEqual([...disk.content.entries()].sort(), ["a", "b"]);
});

test("on a disk that is read-only the settings that are there are in force", () => {
  const disk = new Disk();
  disk.content.write("a", rows('"stored"'));
  disk.isGone = true;
  const store = disk.open();
  assert.deepEqual(store.read("a"), rows('"stored"'));
  assert.match(disk.told.join(), /^Settings and leases are not stored: .*read-only$/);
  refuses(() => store.write("a", rows('"other"')));
  refuses(() => store.transaction(() => store.write("c", rows('"other"'))));
  refuses(() => store.delete("a"));
  assert.deepEqual(store.read("a"), rows('"stored"'));
  store.write("a", rows('"stored"'));
  store.transaction(() => store.write("a", rows('"stored"')));
  disk.isGone = false;
  store.write("a", rows('"other"'));
  assert.deepEqual([disk.content.read("a"), disk.reread], [rows('"other"'), []]);
});

test("where nothing can be read the store begins empty and says so; without need it is not opened at all", () => {
  const disk = new Disk();
  disk.content.write("a", rows('"stored"'));
  Object.assign(disk, { isGone: true, isReadable: false });
  assert.deepEqual(disk.open().entries(), []);
  assert.match(disk.told.join(), /none of earlier runs were read/);
  refuses(() => disk.open(false));
});

test("a disk that comes back with a person's settings has the say; kept changes of other entries are written", () => {
  const disk = new Disk();
  disk.content.write("a", rows('"person"'));
  Object.assign(disk, { isGone: true, isReadable: false });
  const store = disk.open();
  store.keep(() => {
    store.write("a", rows('"default"'));
    store.write("b", rows('"daemon"'));
  });
  disk.isGone = false;
  store.retry();
  assert.deepEqual([store.read("a"), disk.content.read("b")], [rows('"person"'), rows('"daemon"')]);
  assert.deepEqual(disk.reread, ["a"]);
});

test("a change made in view of other settings than those that come back is refused, and the next one is taken", () => {
  const disk = new Disk();
  disk.content.write("a", rows('"person"'));
  Object.assign(disk, { isGone: true, isReadable: false });
  const store = disk.open();
  disk.isGone = false;
  refuses(() => store.write("a", rows('"blind"')));
  assert.deepEqual([disk.content.read("a"), disk.reread], [rows('"person"'), ["a"]]);
  store.write("a", rows('"seen"'));
  assert.deepEqual(disk.content.read("a"), rows('"seen"'));
});

test("a transaction that fails leaves what was kept before it as it was", () => {
  const disk = new Disk();
  const store = disk.open();
  disk.isFull = true;
  store.keep(() => store.write("b", rows('"kept"')));
  refuses(() => store.transaction(() => store.write("b", rows('"client"'))));
  assert.deepEqual(store.read("b"), rows('"kept"'));
});

test("kept leases stand before stored ones, and a void one is gone", () => {
  const disk = new Disk();
  const store = disk.open();
  for (const network of ["home", "office"]) store.writeLease(lease(network));
  disk.isFull = true;
  store.keep(() => store.writeLease(lease("home")));
  assert.deepEqual(
    store.leases("device_1").map(({ network }) => network),
    ["home", "office"],
  );
  store.keep(() => store.deleteLease("device_1", "office"));
  assert.deepEqual(
    store.leases("device_1").map(({ network }) => network),
    ["home"],
  );
  disk.isFull = false;
  store.close();
  assert.deepEqual(
    disk.content.leases("device_1").map(({ network }) => network),
    ["home"],
  );
});

test("the end on a full disk is said; what was kept is lost then", () => {
  const disk = new Disk();
  const store = disk.open();
  disk.isFull = true;
  store.keep(() => store.write("b", rows('"kept"')));
  refuses(() => store.close());
  store.close();
});
