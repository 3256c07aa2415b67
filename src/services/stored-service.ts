import { DaemonError } from "../base/errors.ts";
import { isTechnologyName, type Technology } from "../base/technology.ts";
import type { EntryRows } from "../profiles/store.ts";
import type { ServiceHost } from "./service.ts";
import { serviceShape } from "./service-properties.ts";
import { SettingsOnlyService } from "./settings-only-service.ts";

/**
 * The technology of a stored entry, by its row `Type`, else by the first word of its name. Throws InternalError where
 * neither tells.
 */
export function technologyOfEntry(entry: string, rows: EntryRows): Technology {
  const [prefix = ""] = entry.split("_", 1);
  for (const name of [storedText(rows.get("Type")), prefix]) if (isTechnologyName(name)) return name;
  throw new DaemonError("InternalError", `The technology of ${JSON.stringify(entry.slice(0, 80))} cannot be told`);
}

function storedText(json: string | undefined): string {
  try {
    return String(JSON.parse(json ?? '""'));
  } catch {
    return "";
  }
}

/** A stored network of a technology that nobody provides (yet): its settings can be looked at, and that is all. */
export class StoredService extends SettingsOnlyService {
  constructor(
    host: ServiceHost,
    serial: number,
    override readonly technology: Technology,
    override readonly storageId: string,
  ) {
    super(host, serial, technology, serviceShape);
  }
  protected override startConnect(): void {
    throw new DaemonError("TechnologyNotAvailable", `Nobody provides ${this.technology}`);
  }
}
