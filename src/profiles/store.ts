/**
 * Port to one Profile's storage: entries (a group per service, device or the manager) of named rows with JSON values.
 * `sqlite-store.ts` is the real one. All calls are synchronous; a change is on disk when the call returns.
 */

/** An entry's identifier is shill's storage identifier: `global`, `ethernet_any`, `device_<mac hex>`, ... */
export type EntryRows = ReadonlyMap<string, string>;

export interface StoredLease {
  /** Storage identifier of the Service. */
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
  entries(): readonly string[];
  /** Undefined when the entry does not exist (an entry may exist without rows). */
  read(entry: string): EntryRows | undefined;
  /**
   * Makes the entry hold exactly these rows, in one transaction; unchanged rows are not written and an unchanged entry
   * costs no commit. Throws DaemonError InternalError (disk full, read-only) and then nothing has changed.
   */
  write(entry: string, rows: EntryRows): void;
  delete(entry: string): boolean;
  leases(entry: string): readonly StoredLease[];
  writeLease(lease: StoredLease): void;
  deleteLeases(entry: string): void;
  /** Runs `change` in one transaction. */
  transaction<R>(change: () => R): R;
  /** Checkpoints and truncates the write-ahead log, so that nothing deleted stays readable. */
  close(): void;
}
