/** Profiles out of and into text (profiles/profile-text.ts), checked against the daemon's table of each property. */
import { DaemonError } from "../base/errors.ts";
import { fromJson, type Signature } from "../base/property.ts";
import { isTechnologyName } from "../base/technology.ts";
import { locationShape } from "../policy/location.ts";
import { modifierShape } from "../policy/modifier.ts";
import type { Profile } from "../profiles/profile.ts";
import { formatProfile, isSecretRow, type ProfileEntries, parseProfileInTurns } from "../profiles/profile-text.ts";
import type { EntryRows, ProfileStore } from "../profiles/store.ts";
import { serviceKindOf, type TechnologyModule } from "../providers/technology-module.ts";
import { serviceShape } from "../services/service-properties.ts";
import { managerEntry } from "./manager-settings.ts";

export function exportProfile({ store }: Profile, withSecrets: boolean): string {
  return formatProfile(entriesOf(store), { withSecrets });
}
/** One at a time: the text is bounded, and so are the rows read for it. */
function* entriesOf(store: ProfileStore): Generator<readonly [string, EntryRows]> {
  for (const entry of store.entries()) yield [entry, store.read(entry) ?? new Map()];
}

/** A property table of any class, as far as the store is concerned. */
interface StoredShape {
  readonly defs: ReadonlyMap<string, { readonly signature: Signature; readonly persist?: unknown }>;
}

/** Entries that the daemon can check: the Manager's own settings, and Services of the present technologies. */
export interface KnownEntries {
  readonly managerShape: StoredShape;
  readonly modules: readonly TechnologyModule[];
}

/** The text's entries, with a place and a reason when it is not right. Throws InvalidArguments. */
export function readProfileText(text: string, known: KnownEntries): Promise<ProfileEntries> {
  return parseProfileInTurns(text, (entry, name, json) => checkRow(shapeOf(entry, known), entry, name, json));
}

/**
 * Entries of the text replace those of the store, all or none; others stay. A secret that the text does not mention
 * stays with its entry: it was kept back when the text was written.
 */
export function writeEntries(store: ProfileStore, entries: ProfileEntries): void {
  store.transaction(() => {
    for (const [entry, rows] of entries) {
      const kept = [...(store.read(entry) ?? [])].filter(([name, json]) => isSecretRow(name, json));
      store.write(entry, new Map([...kept, ...rows]));
    }
  });
}

interface KnownRows {
  readonly shape: StoredShape;
  /** Other names are those of a technology that this program does not know yet. */
  readonly isComplete: boolean;
  readonly marks: ReadonlySet<string> | undefined;
}

const policyShapes: Readonly<Record<string, StoredShape | undefined>> = {
  location: locationShape,
  modifier: modifierShape,
};

function shapeOf(entry: string, { managerShape, modules }: KnownEntries): KnownRows | undefined {
  if (entry === managerEntry) return { shape: managerShape, isComplete: true, marks: undefined };
  const [prefix = ""] = entry.split("_", 1);
  const policyShape = policyShapes[prefix];
  if (policyShape) return { shape: policyShape, isComplete: true, marks: undefined };
  if (!isTechnologyName(prefix)) return undefined;
  const kind = serviceKindOf(modules, prefix);
  return { shape: kind?.shape ?? serviceShape, isComplete: kind !== undefined, marks: kind?.marks };
}

function checkRow(known: KnownRows | undefined, entry: string, name: string, json: string): void {
  if (!known || name === "Type" || known.marks?.has(name)) return;
  const def = known.shape.defs.get(name);
  if (!def?.persist) {
    if (known.isComplete) throw new DaemonError("InvalidArguments", `${entry} has no setting ${name.slice(0, 60)}`);
    return;
  }
  try {
    fromJson(def.signature, json);
  } catch {
    throw new DaemonError("InvalidArguments", `${name} has a value of the wrong type (it is ${def.signature})`);
  }
}
