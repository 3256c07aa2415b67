import { DaemonError } from "../base/errors.ts";
import { isTechnologyName, type Technology } from "../base/technology.ts";
import type { EntryRows } from "../profiles/store.ts";
import type { AutoConnectRefusal } from "./auto-connect.ts";
import { Service, type ServiceHost } from "./service.ts";
import { serviceShape } from "./service-properties.ts";

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

/** Settings that can be looked at and changed, and that cannot be connected. */
export abstract class SettingsOnlyService extends Service {
  override get isConnectable(): boolean {
    return false;
  }
  override get isVisible(): boolean {
    return false;
  }
  override get strengthPercent(): number {
    return 0;
  }
  override get technologyRefusal(): AutoConnectRefusal | undefined {
    return "no device";
  }
  override startDisconnect(): void {}
}

/** Stored settings of a technology without a Provider. */
export class StoredService extends SettingsOnlyService {
  constructor(
    host: ServiceHost,
    serial: number,
    override readonly technology: Technology,
    override readonly storageId: string,
  ) {
    super(host, serial, technology, serviceShape);
  }
  override startConnect(): void {
    throw new DaemonError("TechnologyNotAvailable", `Nobody provides ${this.technology}`);
  }
}
