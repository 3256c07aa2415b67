import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { DaemonError, describeError } from "./base/errors.ts";
import type { Log } from "./base/log.ts";
import type { DaemonConfig } from "./config/daemon-config.ts";
import type { OverrideFile } from "./manager/debug-control.ts";
import { StateLock } from "./profiles/state-lock.ts";
import { readIfPresent, removeFile, writeAtomically } from "./system/files.ts";
import { readBootId } from "./system/host-facts.ts";
import { SettingsRecord } from "./system/settings-record.ts";
import type { StorageHealth } from "./system/storage-health.ts";

/** The daemon's two folders on disk: that of its state, with the lock on it, and that of this run of the machine. */
export class DaemonFolders {
  #lock: StateLock | undefined;

  constructor(
    private readonly config: Pick<DaemonConfig, "stateDir" | "runDir">,
    private readonly storage: StorageHealth,
    private readonly log: Log,
  ) {}

  /**
   * Makes the run folder and takes the lock. An unusable folder is no reason to keep the network down; another daemon
   * in it is one not to start: throws InProgress.
   */
  take(): void {
    this.#makeRunFolder();
    try {
      this.takeLock();
    } catch (error) {
      if (!(error instanceof DaemonError) || error.code === "InProgress") throw error;
    }
  }
  /** Twice is fine. Throws NotStored where the folder cannot be made, and the errors of {@link StateLock.take}. */
  takeLock(): void {
    if (this.#lock) return;
    const { stateDir } = this.config;
    try {
      mkdirSync(stateDir, { recursive: true, mode: 0o700 });
    } catch (cause) {
      throw new DaemonError("NotStored", `${stateDir} cannot be made: ${describeError(cause)}`, { cause });
    }
    this.#lock = StateLock.take(stateDir);
  }
  release(): void {
    this.#lock?.release();
  }
  #makeRunFolder(): void {
    const { runDir } = this.config;
    const make = () => void mkdirSync(runDir, { recursive: true, mode: 0o755 });
    try {
      make();
    } catch (error) {
      this.storage.failed(runDir, `${runDir} cannot be made: ${describeError(error)}`, make);
    }
  }

  /** The file that PersistDebugConfig writes. */
  get debugOverride(): OverrideFile {
    const path = join(this.config.stateDir, "log-override.json");
    return {
      read: () => readIfPresent(path, 4096)?.toString("utf8"),
      write: (text) => void writeAtomically(path, text),
      remove: () => void removeFile(path),
    };
  }
  /**
   * The record of settings of links as they were before the daemon changed them. Nothing where the kernel does not name
   * its run: originals of another run must not be restored.
   */
  originalSettings(kind: "managed" | "slaac"): { readonly originalSettings?: SettingsRecord } {
    const bootId = readBootId();
    if (bootId === undefined) return {};
    const folder = join(this.config.runDir, "link-settings", kind);
    return { originalSettings: new SettingsRecord({ folder, bootId, log: this.log }) };
  }
}
