import { describeError } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import type { Device } from "../devices/device.ts";
import { KernelError } from "../rtnl/rtnl.ts";
import type { WakeOnLan } from "../rtnl/wake-on-lan.ts";

/** Of hardware that cannot wake a machine, which is no news. */
const cannot: ReadonlySet<string> = new Set(["EOPNOTSUPP", "EINVAL"]);

export interface WakeOnLanHost {
  readonly log: Log;
  readonly wakeOnLan: WakeOnLan;
  isWakeOnLanEnabled(): boolean;
  /** Once the burst is over: no caller waits for it, and a driver may take its time. */
  whenQuiet(check: () => void): void;
}

/** Makes cards wake the machine by magic packet, or not, each time their cable goes in and when the setting changes. */
export class WakeOnLanFollower {
  readonly #due = new Set<Device>();
  constructor(private readonly host: WakeOnLanHost) {}

  /** Virtual links cannot wake the machine; a link that is left alone stays as it was found. */
  check(device: Device): void {
    if (!device.hasCarrier || !device.isEnabled || device.isLeftAlone || device.link.kind !== undefined) return;
    this.#due.add(device);
    this.host.whenQuiet(() => this.#apply());
  }
  forget(device: Device): void {
    this.#due.delete(device);
  }

  #apply(): void {
    const due = [...this.#due];
    this.#due.clear();
    const isEnabled = this.host.isWakeOnLanEnabled();
    for (const { name, link } of due) {
      this.host.wakeOnLan.setMagicPacket(link.index, isEnabled).then(
        () =>
          this.host.log.debug(() => `${name}: ${isEnabled ? "wakes" : "does not wake"} the machine by magic packet`),
        (error: unknown) => this.#onRefusal(name, error),
      );
    }
  }
  #onRefusal(name: string, error: unknown): void {
    const text = `${name}: wake-on-lan could not be set: ${describeError(error)}`;
    if (error instanceof KernelError && cannot.has(error.code)) this.host.log.debug(() => text);
    else this.host.log.info(text);
  }
}
