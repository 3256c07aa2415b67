import { DaemonError, describeError } from "../base/errors.ts";
import { KeptChanges } from "./kept-changes.ts";
import { MemoryStore } from "./memory-store.ts";
import type { EntryRows, ProfileStore, StoredLease } from "./store.ts";
import { checkEntry, checkLease, isSameRows } from "./store-limits.ts";

export interface KeptStorePorts {
  readonly location: string;
  /** The store on disk. Throws DaemonError while it cannot be had. */
  open(): ProfileStore;
  /** Reads without writing anything; undefined: there is nothing to read. */
  read(): ProfileStore | undefined;
  /** Changes are kept in memory only, or the file cannot be read. */
  failed(reason: string): void;
  /** Everything is on disk. */
  works(): void;
  /** The disk came back with other entries than were read before; told in a later turn. */
  reread(entries: ReadonlySet<string>): void;
}

/**
 * A Profile's store on a disk that may be full, read-only or gone (docs/decisions/settings-without-a-disk.md). A
 * client's change is on disk when the call returns, or refused with NotStored. Changes that the daemon itself has to
 * remember (inside {@link keep}) are kept in memory where the disk does not take them, and written when it does again.
 */
export class KeptStore implements ProfileStore {
  readonly location: string;
  readonly #kept = new KeptChanges();
  #disk: ProfileStore | undefined;
  /** The last content read from the disk, while the disk cannot be had itself. */
  #readOnly: ProfileStore;
  #isRead = true;
  #isKeeping = false;
  #isTroubled = false;
  #depth = 0;
  /** Why the disk cannot be had, while a transaction goes on without it. */
  #refusal: unknown;
  #isClosed = false;

  private constructor(
    private readonly ports: KeptStorePorts,
    disk: ProfileStore | undefined,
    readOnly: ProfileStore,
  ) {
    this.location = ports.location;
    this.#disk = disk;
    this.#readOnly = readOnly;
  }

  /** Throws the error of `open` where nothing can be read either, unless the daemon cannot do without it. */
  static open(ports: KeptStorePorts, isIndispensable: boolean): KeptStore {
    try {
      const disk = ports.open();
      return new KeptStore(ports, disk, disk);
    } catch (error) {
      if (!(error instanceof DaemonError) || (!isIndispensable && error.code !== "NotStored")) throw error;
      const readOnly = ports.read();
      if (!readOnly && !isIndispensable) throw error;
      const store = new KeptStore(ports, undefined, readOnly ?? new MemoryStore(ports.location));
      store.#isRead = readOnly !== undefined;
      store.#tell(error);
      return store;
    }
  }

  entries(): readonly string[] {
    const entries = this.#read((store) => store.entries());
    return [...entries, ...this.#kept.entriesBeside(new Set(entries))];
  }
  has(entry: string): boolean {
    return this.#kept.rows(entry) !== undefined || this.#read((store) => store.has(entry));
  }
  read(entry: string): EntryRows | undefined {
    const kept = this.#kept.rows(entry);
    return kept ? new Map(kept) : this.#read((store) => store.read(entry));
  }
  leases(entry: string): readonly StoredLease[] {
    return this.#kept.leases(
      entry,
      this.#read((store) => store.leases(entry)),
    );
  }

  write(entry: string, rows: EntryRows): void {
    checkEntry(entry, rows);
    if (this.#isKeeping) {
      if (!isSameRows(this.read(entry), rows)) this.#kept.write(entry, rows);
      return;
    }
    // The rows are stored already.
    if (!this.#disk && this.#kept.rows(entry) === undefined && isSameRows(this.#readOnly.read(entry), rows)) return;
    this.#store((disk) => disk.write(entry, rows));
    this.#kept.dropEntry(entry);
  }
  delete(entry: string): boolean {
    if (!this.#disk && !this.has(entry)) return false;
    const wasKept = this.#kept.rows(entry) !== undefined;
    const wasThere = this.#store((disk) => disk.delete(entry));
    this.#kept.dropEntry(entry);
    this.#kept.dropLeases(entry);
    return wasThere || wasKept;
  }
  writeLease(lease: StoredLease): void {
    checkLease(lease);
    if (this.#isKeeping) this.#kept.writeLease(lease);
    else {
      this.#store((disk) => disk.writeLease(lease));
      this.#kept.dropLease(lease.entry, lease.network);
    }
  }
  deleteLease(entry: string, network: string): void {
    if (this.#isKeeping) this.#kept.deleteLease(entry, network);
    else {
      this.#store((disk) => disk.deleteLease(entry, network));
      this.#kept.dropLease(entry, network);
    }
  }
  deleteLeases(entry: string): void {
    if (this.#isKeeping) for (const { network } of this.leases(entry)) this.#kept.deleteLease(entry, network);
    else {
      this.#store((disk) => disk.deleteLeases(entry));
      this.#kept.dropLeases(entry);
    }
  }

  transaction<R>(change: () => R): R {
    if (this.#isKeeping) return change();
    // Opened before it begins: half of a change on a disk that came back in the middle would be worse than none.
    this.#refusal = this.#depth === 0 ? this.#whyNot() : this.#refusal;
    const undo = this.#kept.mark();
    this.#depth++;
    let result: R;
    try {
      result = this.#disk ? this.#disk.transaction(change) : change();
    } catch (error) {
      undo();
      this.#noteFailure(error);
      throw error;
    } finally {
      this.#depth--;
    }
    if (this.#depth === 0) this.#settle();
    return result;
  }
  keep<R>(change: () => R): R {
    this.#checkOpen();
    if (this.#isKeeping) return change();
    if (this.#disk) {
      try {
        return this.transaction(change);
      } catch (error) {
        if (!isOfTheDisk(error)) throw error;
        this.#tell(error);
      }
    }
    this.#isKeeping = true;
    try {
      return change();
    } finally {
      this.#isKeeping = false;
    }
  }
  scrub(): void {
    this.#disk?.scrub();
  }

  /** Writes the kept changes. Throws the error that prevents it. */
  retry(): void {
    if (!this.#disk) this.#open();
    this.#disk?.probe();
    if (this.#disk) this.#flush(this.#disk);
  }
  probe(): void {
    this.#store((disk) => disk.probe());
  }
  /** Kept changes that the disk does not take now are lost, and logged. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    try {
      if (!this.#kept.isEmpty) this.#writeBeforeClosing();
    } finally {
      this.#disk?.close();
      this.#readOnly.close();
    }
  }

  #writeBeforeClosing(): void {
    this.#disk ??= this.ports.open();
    for (const entry of this.#disk === this.#readOnly ? [] : changedEntries(this.#readOnly, this.#disk)) {
      this.#kept.dropEntry(entry);
    }
    this.#flush(this.#disk);
  }
  #checkOpen(): void {
    if (this.#isClosed) throw new DaemonError("InternalError", `${this.location} is closed.`);
  }
  /** Reading a disk that fails must not end connections: the content read before stands in for it. */
  #read<R>(look: (store: ProfileStore) => R): R {
    try {
      return look(this.#disk ?? this.#readOnly);
    } catch (error) {
      if (!this.#disk || this.#isClosed || this.#depth > 0 || !isOfTheDisk(error)) throw error;
      this.#lose(error);
      return look(this.#readOnly);
    }
  }
  #lose(error: unknown): void {
    const lost = this.#disk;
    this.#disk = undefined;
    try {
      lost?.close();
    } catch {
      // The disk is given up because it fails.
    }
    const readOnly = this.ports.read();
    this.#isRead = readOnly !== undefined;
    this.#readOnly = readOnly ?? new MemoryStore(this.location);
    this.#tell(error);
  }

  #store<R>(change: (disk: ProfileStore) => R): R {
    if (this.#depth === 0) this.#refusal = this.#whyNot();
    if (!this.#disk) throw this.#refusal;
    try {
      const result = change(this.#disk);
      if (this.#depth === 0) this.#settle();
      return result;
    } catch (error) {
      this.#noteFailure(error);
      throw error;
    }
  }
  /**
   * A client waits, and is told why its change cannot be stored; undefined: the disk is there. One that came back with
   * other settings refuses this change: the client made it in view of the former ones.
   */
  #whyNot(): DaemonError | undefined {
    if (this.#disk) return undefined;
    this.#checkOpen();
    try {
      if (!this.#open()) return undefined;
    } catch (error) {
      if (isOfTheDisk(error)) return new DaemonError("NotStored", sentenceOf(error), { cause: error });
      throw error;
    }
    throw new DaemonError("NotStored", `${this.location} is back with other settings, which are read first; try again`);
  }
  /**
   * Returns whether the disk has other entries than were known. Kept changes of those give way: they are a person's.
   */
  #open(): boolean {
    const disk = this.ports.open();
    const before = this.#readOnly;
    this.#disk = disk;
    const changed = changedEntries(before, disk);
    for (const entry of changed) this.#kept.dropEntry(entry);
    if (changed.size > 0) this.ports.reread(changed);
    this.#flush(disk);
    before.close();
    this.#readOnly = disk;
    return changed.size > 0;
  }
  /** After a success of any kind: kept changes are written along. */
  #settle(): void {
    if (!this.#disk || this.#isClosed || (this.#kept.isEmpty && !this.#isTroubled)) return;
    try {
      this.#flush(this.#disk);
    } catch (error) {
      this.#noteFailure(error);
    }
  }
  #flush(disk: ProfileStore): void {
    if (!this.#kept.isEmpty) disk.transaction(() => this.#kept.writeTo(disk));
    this.#kept.clear();
    this.#isTroubled = false;
    this.ports.works();
  }
  #noteFailure(error: unknown): void {
    if (error instanceof DaemonError && error.code === "NotStored" && !this.#isClosed) this.#tell(error);
  }
  #tell(error: unknown): void {
    this.#isTroubled = true;
    const isUnread = !this.#disk && !this.#isRead;
    this.ports.failed(`Settings and leases are not stored${isUnread ? andNotRead : ""}: ${sentenceOf(error)}`);
  }
}

const isOfTheDisk = (error: unknown): error is DaemonError =>
  error instanceof DaemonError && (error.code === "NotStored" || error.code === "InternalError");
/** Our own words; those of the system and of SQLite say the same once more. */
const sentenceOf = (error: unknown): string => {
  if (!(error instanceof DaemonError)) return describeError(error);
  return error.cause instanceof DaemonError ? `${error.message}: ${sentenceOf(error.cause)}` : error.message;
};
/** A person's own settings are not in force then: more than that new ones are not stored. */
const andNotRead = ", and none of earlier runs were read";

/** Entries that one of the two has otherwise than the other. */
function changedEntries(before: ProfileStore, now: ProfileStore): Set<string> {
  const entries = new Set([...before.entries(), ...now.entries()]);
  return new Set([...entries].filter((entry) => !isSameRows(before.read(entry), now.read(entry))));
}
