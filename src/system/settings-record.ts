import { mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describeError } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import { readIfPresent, removeFile, writeAtomically } from "./files.ts";
import type { SysctlFamily } from "./sysctl.ts";

export interface RecordedSetting {
  readonly family: SysctlFamily;
  readonly name: string;
  readonly value: number;
}

export interface SettingsRecordPorts {
  /** Made with the first record; ours alone. */
  readonly folder: string;
  /** Names the run of the kernel: settings end with it, while the folder may not. */
  readonly bootId: string;
  readonly log: Log;
}

const mostBytes = 4096;
const fileOf = /^([1-9]\d{0,9})\.json$/;

/**
 * Settings of links before a run of the daemon changed them, a file for each link by its index. A run that was killed
 * has not restored them: the next one finds here the values to restore.
 */
export class SettingsRecord {
  constructor(private readonly ports: SettingsRecordPorts) {}

  /** Empty: nothing is known. A file that is none of ours is nothing. */
  read(link: number): readonly RecordedSetting[] {
    try {
      const bytes = readIfPresent(this.#path(link), mostBytes);
      return bytes === undefined ? [] : settingsIn(JSON.parse(bytes.toString("utf8")), this.ports.bootId);
    } catch (error) {
      this.ports.log.debug(() => `${this.#path(link)} cannot be read: ${describeError(error)}`);
      return [];
    }
  }
  /** A failed write is logged; nothing but a crash would need it. None: the file goes. */
  write(link: number, settings: readonly RecordedSetting[]): void {
    try {
      if (settings.length === 0) {
        removeFile(this.#path(link));
        return;
      }
      mkdirSync(this.ports.folder, { recursive: true, mode: 0o755 });
      const kept = settings.map(({ family, name, value }) => ({ family, name, value }));
      writeAtomically(this.#path(link), JSON.stringify({ boot: this.ports.bootId, settings: kept }));
    } catch (error) {
      this.ports.log.debug(() => `${this.#path(link)} cannot be written: ${describeError(error)}`);
    }
  }
  /** Links with a record, some of them gone by now. */
  links(): readonly number[] {
    try {
      return readdirSync(this.ports.folder).flatMap((name) => Number(fileOf.exec(name)?.[1] ?? 0) || []);
    } catch {
      return [];
    }
  }

  #path(link: number): string {
    return join(this.ports.folder, `${link}.json`);
  }
}

function settingsIn(kept: unknown, bootId: string): readonly RecordedSetting[] {
  const { boot, settings } = (kept ?? {}) as { boot?: unknown; settings?: unknown };
  return boot === bootId && Array.isArray(settings) ? settings.filter(isSetting) : [];
}
function isSetting(item: unknown): item is RecordedSetting {
  const { family, name, value } = (item ?? {}) as Record<string, unknown>;
  return (family === "ipv4" || family === "ipv6") && typeof name === "string" && Number.isSafeInteger(value);
}
