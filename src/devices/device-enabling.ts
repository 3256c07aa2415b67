/** Enabling and disabling of a Device (docs/contract/shill.md, Devices). */
import { DaemonError, describeError } from "../base/errors.ts";
import type { Log } from "../base/log.ts";

/**
 * Whether a Device is enabled. Enabling and disabling take time, and may fail; a Device that goes meanwhile stays
 * disabled.
 */
export type EnableState = "disabled" | "enabling" | "enabled" | "disabling";
export type EnableInput = "enable" | "disable" | "done" | "failed" | "gone";

/** Row: the present state. Entry: input -> next state. No entry: the input is ignored. */
export const enableStates = {
  disabled: { enable: "enabling" },
  enabling: { done: "enabled", failed: "disabled", gone: "disabled" },
  enabled: { disable: "disabling", gone: "disabled" },
  disabling: { done: "disabled", failed: "enabled", gone: "disabled" },
} as const satisfies Record<EnableState, Partial<Record<EnableInput, EnableState>>>;

export const nextEnableState = (state: EnableState, input: EnableInput): EnableState =>
  (enableStates[state] as Partial<Record<EnableInput, EnableState>>)[input] ?? state;

export interface EnableOptions {
  /** The Device starts so from now on. */
  readonly isPersistent: boolean;
  /** The request named this Device, and not each of its technology. */
  readonly isExplicit?: boolean;
}

/** The Device that is switched. */
export interface SwitchedDevice {
  readonly name: string;
  readonly log: Log;
  /** The wish, which is stored. */
  isEnabledPersistently: boolean;
  /** Stores the wish. Throws DaemonError, and then nothing is stored. */
  save(): void;
  /** The request is neither refused nor impossible to store. */
  accepted(isExplicit: boolean): void;
  /** The state is the wanted one already; a link that was left alone follows now. */
  reapply(enable: boolean): Promise<void>;
  /** Brings the link into use. Rejects with the kernel's refusal. */
  begin(): Promise<void>;
  /** Ends the connection and gives the link back. Rejects with the kernel's refusal. */
  end(): Promise<void>;
  /** {@link begin} failed. */
  abandon(): void;
  /** Enabling or disabling came to its end, or failed. */
  settled(): void;
}

export class DeviceEnabling {
  #state: EnableState = "disabled";
  constructor(private readonly device: SwitchedDevice) {}

  get isEnabled(): boolean {
    return this.#state === "enabled" || this.#state === "disabling";
  }
  /** Enabled, and not about to be disabled. */
  get isUsable(): boolean {
    return this.#state === "enabled";
  }

  /** Resolves when settled. Rejects with InProgress, Failure, NotStored, or the kernel's refusal. */
  async set(enable: boolean, { isPersistent, isExplicit = false }: EnableOptions): Promise<void> {
    const input = enable ? "enable" : "disable";
    const [underWay, busy] = enable ? (["enabling", "disabling"] as const) : (["disabling", "enabling"] as const);
    if (this.#state === underWay) throw new DaemonError("InProgress");
    if (this.#state === busy) throw new DaemonError("Failure", `Cannot ${input} while the device is ${busy}.`);
    const unstored = isPersistent ? this.#persist(enable) : undefined;
    this.device.accepted(isExplicit);
    if (this.isEnabled === enable) await this.device.reapply(enable);
    else {
      this.#step(input);
      await this.#settle(enable);
    }
    if (unstored) throw unstored;
  }
  /** The Device is gone. */
  gone(): void {
    this.#step("gone");
  }

  /**
   * Returns the error of a store that does not keep the wish and is no reason to refuse it: a link is switched on
   * without a disk.
   */
  #persist(enable: boolean): DaemonError | undefined {
    const { device } = this;
    if (device.isEnabledPersistently === enable) return undefined;
    device.isEnabledPersistently = enable;
    try {
      device.save();
      return undefined;
    } catch (error) {
      if (enable && error instanceof DaemonError && error.code === "NotStored") {
        const text = `${device.name} is enabled until the next start: ${error.message}`;
        return new DaemonError("NotStored", text, { cause: error });
      }
      device.isEnabledPersistently = !enable;
      throw error;
    }
  }
  async #settle(enable: boolean): Promise<void> {
    const { device } = this;
    try {
      if (enable) await device.begin();
      else await device.end();
      this.#step("done");
    } catch (error) {
      this.#step("failed");
      if (enable) device.abandon();
      device.log.error(`${device.name}: could not be ${enable ? "enabled" : "disabled"}: ${describeError(error)}`);
      throw error;
    } finally {
      device.settled();
    }
  }
  #step(input: EnableInput): void {
    this.#state = nextEnableState(this.#state, input);
  }
}
