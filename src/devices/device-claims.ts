/**
 * The only way to IFF_UP and IFF_DOWN: a link goes up with its first claim and down with its last release, and all its
 * users hear of every step (as netifd's devices and device users: its DESIGN).
 */
import { DaemonError, describeError } from "../base/errors.ts";
import type { Log } from "../base/log.ts";

export type DeviceEvent =
  /** It is there: the kernel has it, and it is not disabled. Also told to a new user of a present one. */
  "add" | "remove" | "setup" | "up" | "teardown" | "down" | "link-up" | "link-down" | "topology-changed";

export interface DeviceUser {
  /** For dumps and logs. */
  readonly name: string;
  /** Must not throw; claims and releases from inside are allowed. Absent: it hears of the device in another way. */
  onDeviceEvent?(event: DeviceEvent): void;
}

/** Takes a link up and down. Both calls may claim and release other devices (nesting). */
export interface Activation {
  /**
   * `path`: the devices whose activation this is part of; handed on when claiming a lower device, so that circles show.
   */
  activate(path: readonly ClaimableDevice[]): Promise<void>;
  deactivate(): Promise<void>;
}

interface UserEntry {
  readonly user: DeviceUser;
  hasClaim: boolean;
}

/** One device by name; it may be absent from the kernel while a user already waits for it. */
export class ClaimableDevice {
  /** In the order they came. One or two; a list is smaller than a map, and there may be thousands of devices. */
  #users: readonly UserEntry[] = [];
  #activation: Activation | undefined;
  #isInKernel = false;
  #isDisabled = false;
  #hasCarrier = false;
  #claims = 0;
  /** Activations and deactivations run one after the other; a claim waits for the running one. */
  #work: Promise<void> = Promise.resolve();
  #isActive = false;

  constructor(
    readonly name: string,
    private readonly log: Log,
  ) {}

  get isPresent(): boolean {
    return this.#isInKernel && !this.#isDisabled;
  }
  /** Held by at least one claim and activated. */
  get isActive(): boolean {
    return this.#isActive;
  }
  get claimCount(): number {
    return this.#claims;
  }
  get userNames(): readonly string[] {
    return this.#users.map(({ user }) => user.name);
  }

  /** Tells the new user the present facts: add, up, link-up. */
  addUser(user: DeviceUser): void {
    if (this.#entryOf(user)) return;
    this.#users = [...this.#users, { user, hasClaim: false }];
    if (!this.isPresent) return;
    user.onDeviceEvent?.("add");
    if (this.#isActive) user.onDeviceEvent?.("up");
    if (this.#isActive && this.#hasCarrier) user.onDeviceEvent?.("link-up");
  }
  /** Gives its claim back first. */
  async removeUser(user: DeviceUser): Promise<void> {
    if (!this.#entryOf(user)) return;
    await this.release(user);
    this.#users = this.#users.filter((entry) => entry.user !== user);
    if (this.isPresent) user.onDeviceEvent?.("remove");
  }

  /**
   * Resolves when the device is active. Claiming twice is success without effect. Rejects with NotFound while absent,
   * with Failure when the device would need itself, or with the error of the activation; then the user holds no claim.
   */
  async claim(user: DeviceUser, path: readonly ClaimableDevice[] = []): Promise<void> {
    const entry = this.#entryOf(user);
    if (!entry) throw new DaemonError("InternalError", `${user.name} is not a user of ${this.name}`);
    if (entry.hasClaim) return;
    if (!this.isPresent) throw new DaemonError("NotFound", `device ${this.name} is not present`);
    if (path.includes(this)) {
      const circle = [...path, this].map((device) => device.name).join(" -> ");
      throw new DaemonError("Failure", `devices stand on each other in a circle: ${circle}`);
    }
    entry.hasClaim = true;
    this.#claims++;
    await this.#enqueue(() => this.#activate(entry, path));
  }

  async release(user: DeviceUser): Promise<void> {
    const entry = this.#entryOf(user);
    if (!entry?.hasClaim) return;
    this.#abandon(entry);
    await this.#enqueue(() => this.#deactivateIfUnclaimed());
  }

  #entryOf(user: DeviceUser): UserEntry | undefined {
    return this.#users.find((entry) => entry.user === user);
  }
  #abandon(entry: UserEntry): void {
    if (entry.hasClaim) this.#claims--;
    entry.hasClaim = false;
  }

  /** The kernel has it (with its activation), or does not have it any more (undefined). */
  setInKernel(activation: Activation | undefined): void {
    const wasPresent = this.isPresent;
    this.#activation = activation ?? this.#activation;
    this.#isInKernel = activation !== undefined;
    if (!activation) this.#hasCarrier = false;
    this.#tellPresence(wasPresent);
    if (activation) return;
    this.#endClaims();
    this.#isActive = false;
  }
  /**
   * Not to be used by any holder: users see it go, all claims end, and it is set down. No claim is taken until
   * {@link enable}. Resolves when it is down.
   */
  async disable(): Promise<void> {
    this.setDisabled(true);
    this.#endClaims();
    await this.#enqueue(() => this.#deactivateIfUnclaimed());
  }
  /** Users see it come. */
  enable(): void {
    this.setDisabled(false);
  }
  /** Users see it go and release by themselves. */
  setDisabled(isDisabled: boolean): void {
    const wasPresent = this.isPresent;
    this.#isDisabled = isDisabled;
    this.#tellPresence(wasPresent);
  }
  setCarrier(hasCarrier: boolean): void {
    if (this.#hasCarrier === hasCarrier) return;
    this.#hasCarrier = hasCarrier;
    this.#tell(hasCarrier ? "link-up" : "link-down");
  }
  topologyChanged(): void {
    this.#tell("topology-changed");
  }

  async #activate(entry: UserEntry, path: readonly ClaimableDevice[]): Promise<void> {
    // Released or taken away while it waited for its turn: nothing to do.
    if (this.#isActive || !entry.hasClaim) return;
    this.#tell("setup");
    try {
      await this.#activation?.activate([...path, this]);
      if (!this.isPresent) {
        await this.#setDown();
        throw new DaemonError("NotFound", `device ${this.name} vanished while it was set up`);
      }
    } catch (error) {
      this.#abandon(entry);
      // Netifd leaves a setup without an end here; our users get theirs.
      this.#tell("down");
      throw error;
    }
    this.#isActive = true;
    this.#tell("up");
    if (this.#hasCarrier) this.#tell("link-up");
  }

  async #deactivateIfUnclaimed(): Promise<void> {
    if (!this.#isActive || this.#claims > 0) return;
    this.#tell("teardown");
    await this.#setDown();
    this.#isActive = false;
    // Claimed again during teardown: up again, and a down that is over is no news.
    if (this.#claims > 0) await this.#reactivate();
    else this.#tell("down");
  }
  async #setDown(): Promise<void> {
    if (!this.#isInKernel) return;
    await this.#activation?.deactivate().catch((error: unknown) => {
      this.log.warn(`${this.name}: could not be set down: ${describeError(error)}`);
    });
  }
  async #reactivate(): Promise<void> {
    const claimant = this.#users.find((entry) => entry.hasClaim);
    if (claimant) await this.#activate(claimant, []).catch(() => {});
  }

  #endClaims(): void {
    for (const entry of this.#users) entry.hasClaim = false;
    this.#claims = 0;
  }
  #enqueue(work: () => Promise<void>): Promise<void> {
    const result = this.#work.then(work);
    this.#work = result.catch(() => {});
    return result;
  }
  #tellPresence(wasPresent: boolean): void {
    if (this.isPresent === wasPresent) return;
    this.#tell(this.isPresent ? "add" : "remove");
  }
  #tell(event: DeviceEvent): void {
    for (const { user } of this.#users) user.onDeviceEvent?.(event);
  }
}

/** All devices by name, including absent ones that a user waits for. */
export class DeviceClaims {
  readonly #devices = new Map<string, ClaimableDevice>();
  constructor(private readonly log: Log) {}

  /** The same object for the same name; an unknown name is made, absent. */
  device(name: string): ClaimableDevice {
    let device = this.#devices.get(name);
    if (!device) {
      device = new ClaimableDevice(name, this.log);
      this.#devices.set(name, device);
    }
    return device;
  }
  /** Forgets a device that is absent and has no users. */
  collect(name: string): void {
    const device = this.#devices.get(name);
    if (device && !device.isPresent && device.userNames.length === 0) this.#devices.delete(name);
  }
  /** For the debug dump. */
  *dump(): Generator<{ name: string; isPresent: boolean; claims: number; users: readonly string[] }> {
    for (const device of this.#devices.values()) {
      yield {
        name: device.name,
        isPresent: device.isPresent,
        claims: device.claimCount,
        users: device.userNames,
      };
    }
  }
}
