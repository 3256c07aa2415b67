/**
 * Port to one Profile's storage: entries (a group per service, device or the manager) of named rows with JSON values,
 * and the leases beside them. `sqlite-store.ts` is the real one, `memory-store.ts` keeps nothing. All calls are
 * synchronous; a change is on disk when the call returns. Values are opaque and may be secret: they are never put into
 * an error, a log line or a dump. Names and sizes are bounded (store-limits.ts): InvalidArguments beyond.
 */

/**
 * Rows of one entry: property name -> JSON. The entry's identifier is shill's storage identifier: `global`,
 * `wifi_<mac hex>_...`, `device_<mac hex>`, ...
 */
export type EntryRows = ReadonlyMap<string, string>;

export interface StoredLease {
  /**
   * Storage identifier of the Service. The lease may exist without an entry: a Service not yet remembered has one too.
   */
  readonly entry: string;
  /** Identifies the network within the Service: the server's identity, or empty for the last one seen. */
  readonly network: string;
  /** JSON of the lease, protocol handler's own. */
  readonly json: string;
  /** Milliseconds since 1970: when the lease ends by the wall clock. */
  readonly expiresAtMs: number;
}

export interface ProfileStore {
  /** Where it lives, for messages. */
  readonly location: string;
  /** In the order they were first written. */
  entries(): readonly string[];
  has(entry: string): boolean;
  /** Undefined when the entry does not exist (an entry may exist without rows). */
  read(entry: string): EntryRows | undefined;
  /**
   * Makes the entry hold exactly these rows, in one transaction; unchanged rows are not written and an unchanged entry
   * costs no commit. Throws DaemonError NotStored (disk full, read-only, locked) or InternalError (damaged), and then
   * nothing has changed.
   */
  write(entry: string, rows: EntryRows): void;
  /**
   * The entry with its rows and leases; false when there was no such entry. Deleted rows are unreadable on disk
   * afterwards.
   */
  delete(entry: string): boolean;
  /** Of one entry, the most recently written first. */
  leases(entry: string): readonly StoredLease[];
  /** Replaces the one of the same entry and network. */
  writeLease(lease: StoredLease): void;
  deleteLease(entry: string, network: string): void;
  deleteLeases(entry: string): void;
  /**
   * Runs `change` in one transaction: if it throws, nothing has changed. May be nested; takes no asynchronous function.
   */
  transaction<R>(change: () => R): R;
  /**
   * As `transaction`, for changes that the daemon itself has to remember: where the disk does not take them now, they
   * may be kept in memory until the disk does. `change` may run twice; it writes entries and leases, and deletes leases
   * only.
   */
  keep<R>(change: () => R): R;
  /** Throws DaemonError NotStored where a change would not be taken. */
  probe(): void;
  /**
   * Makes replaced and removed rows unreadable on disk. For after a secret changed: costs some syncs (1 to 3 ms).
   * Inside a transaction it takes place after the commit. Never throws: a failure now is made up for at the next call
   * or at close.
   */
  scrub(): void;
  /** Scrubs and closes; everything but a second `close` throws afterwards. */
  close(): void;
}

/** `create`: must not exist yet; `open`: must exist. */
export type OpenMode = "create" | "open" | "open-or-create";

export interface OpenOptions {
  /** A change that would make the file larger is refused: Failure. */
  readonly mostBytes?: number;
  /** A sentence for the log: others exchanged or damaged the file while it was in use. */
  tell?(what: string): void;
}

export interface OpenedStore {
  readonly store: ProfileStore;
  /** The storage did not exist, or was damaged and replaced. */
  readonly isNew: boolean;
  /** Present when a damaged or foreign file stood in place: why it was not used, and the name it was given. */
  readonly setAside?: SetAside;
}

export interface SetAside {
  readonly reason: string;
  readonly movedTo: string;
}

/** Port to the place where Profiles are kept. */
export interface ProfileStorage {
  /**
   * Makes a folder for Profiles that only we can enter, unless it exists. Throws DaemonError NotStored or
   * InternalError.
   */
  ensureFolder(folder: string): void;
  /**
   * Throws DaemonError: NotFound (`open`), AlreadyExists (`create`), NotStored (the disk), InternalError for all else;
   * then nothing has changed.
   */
  open(location: string, mode: OpenMode, options?: OpenOptions): OpenedStore;
  /**
   * Its content read without writing anything, for looking only; undefined: none. Never throws, never for an open
   * store.
   */
  snapshot(location: string): ProfileStore | undefined;
  exists(location: string): boolean;
  /** The locations of a folder's Profiles; empty when there is no such folder. */
  list(folder: string): readonly string[];
  /** A missing Profile is no error. Throws DaemonError Failure when it cannot be removed. */
  remove(location: string): void;
}
