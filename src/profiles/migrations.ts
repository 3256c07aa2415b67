/** The layout of a Profile's database, step by step. A released step is never edited: files of its version exist. */
import type { SqliteDatabase } from "./database.ts";

/** "FLPR", in the file's head, so that `file` and we can tell it from another program's database. */
export const applicationId = 0x464c5052;

/** Step n brings a file from version n to n + 1. */
const steps: readonly string[] = [
  // Leases do not refer to entries: a Service that is not remembered yet keeps its lease too.
  `CREATE TABLE entry (
     id INTEGER PRIMARY KEY,
     name TEXT NOT NULL UNIQUE
   ) STRICT;
   CREATE TABLE property (
     entry INTEGER NOT NULL REFERENCES entry (id) ON DELETE CASCADE,
     name TEXT NOT NULL,
     json TEXT NOT NULL,
     PRIMARY KEY (entry, name)
   ) STRICT, WITHOUT ROWID;
   CREATE TABLE lease (
     sequence INTEGER PRIMARY KEY,
     entry TEXT NOT NULL,
     network TEXT NOT NULL,
     json TEXT NOT NULL,
     expires_at_ms INTEGER NOT NULL,
     UNIQUE (entry, network)
   ) STRICT;`,
];

/** The version that the newest step makes. */
export const schemaVersion = steps.length;

/** All that a file of the newest version contains, by type and name; a foreign trigger or view is not in it. */
const schemaObjects: readonly string[] = ["table entry", "table lease", "table property"];

/** Brings a file of version `from` up to the newest, each step in a transaction of its own. */
export function migrate(db: SqliteDatabase, from: number): void {
  for (let version = from; version < schemaVersion; version++) {
    db.transaction(() => {
      db.exec(steps[version] as string);
      if (version === 0) db.pragma(`application_id = ${applicationId}`);
      db.pragma(`user_version = ${version + 1}`);
    }).immediate();
  }
}

/** Names the missing or foreign part of the layout; undefined when all is as it should be. */
export function schemaFault(db: SqliteDatabase): string | undefined {
  const found = schemaNames(db);
  const missing = schemaObjects.find((name) => !found.includes(name));
  if (missing) return `${missing} is missing`;
  const foreign = found.find((name) => !schemaObjects.includes(name));
  return foreign && `${JSON.stringify(foreign.slice(0, 100))} does not belong there`;
}

/** Type and name of each object, without those that SQLite makes for itself. */
export function schemaNames(db: SqliteDatabase): readonly string[] {
  return db
    .prepare<[], string>("SELECT type || ' ' || name FROM sqlite_schema WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\'")
    .pluck()
    .all();
}
