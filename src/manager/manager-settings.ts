import { type PropertyShape, PropertyStore } from "../base/property.ts";
import { listedWords, primaryTechnologies, type Technology } from "../base/technology.ts";
import type { ProfileStack } from "../profiles/profile-stack.ts";

/** Settings of the Manager. Kept in the entry `global` of the topmost machine Profile. */
export class ManagerSettings {
  arpGateway = true;
  checkPortalList: string = primaryTechnologies.join();
  dhcpHostname = "";
  disconnectWifiOnEthernet: "off" | "connected" | "online" = "off";
  isRfc8925Enabled = false;
  noAutoConnectTechnologies = "";
  prohibitedTechnologies = "";
  isWakeOnLanEnabled = true;
  isGlobalFtEnabled = true;
  isScanAllowedToRoam = true;
  /** Name of the policy that says which links may hold a connection. */
  activePolicy = "All";

  /** Words that are no technology stay in a list without meaning. */
  includes(
    list: "checkPortalList" | "noAutoConnectTechnologies" | "prohibitedTechnologies",
    technology: Technology,
  ): boolean {
    return listedWords(this[list]).includes(technology);
  }
}

/** The entry of the store. */
export const managerEntry = "global";

/** The parts that the Manager's settings reach. */
export interface SettingsHost {
  readonly profiles: Pick<ProfileStack, "profileForDevices">;
  readonly deviceRegistry: { disableProhibited(): void; checkWakeOnLan(): void };
  readonly serviceRegistry: {
    reviewValidation(): void;
    disconnectProhibited(): void;
    requestSort(because: string): void;
  };
  /** Before the start and after the stop a setting is read and has no effect. */
  isRunning(): boolean;
}

/** Stores the Manager's settings and puts them in force. */
export class SettingsControl<T = unknown> {
  #properties: PropertyStore<T> | undefined;
  constructor(
    readonly values: ManagerSettings,
    private readonly manager: T,
    private readonly shape: PropertyShape<T>,
    private readonly host: SettingsHost,
  ) {}

  /**
   * All properties of the Manager; those that are stored are its settings. Read for the first time when all parts are
   * made.
   */
  get properties(): PropertyStore<T> {
    this.#properties ??= new PropertyStore<T>(this.manager, this.shape);
    return this.#properties;
  }

  /**
   * Every property change of a client ends here: stored first, then in force. Throws DaemonError, and then nothing
   * changed.
   */
  setProperty(name: string, value: unknown): void {
    if (this.properties.set(name, value, () => this.save())) this.#putInForce(name);
  }
  /** Stores the settings in force in the Profile that keeps them. Throws DaemonError. */
  save(): void {
    this.host.profiles.profileForDevices()?.store.write(managerEntry, this.properties.rows());
  }
  /** Takes the rows of a Profile. They take effect as those that a client sets, and are not stored again. */
  restore(rows: ReadonlyMap<string, string>, onBadRow: (name: string, error: unknown) => void): void {
    this.properties.restore(rows, onBadRow);
    if (!this.host.isRunning()) return;
    this.#enforceProhibition();
    this.host.deviceRegistry.checkWakeOnLan();
    this.host.serviceRegistry.reviewValidation();
    this.host.serviceRegistry.requestSort("the settings of a Profile were read");
  }

  #enforceProhibition(): void {
    this.host.deviceRegistry.disableProhibited();
    this.host.serviceRegistry.disconnectProhibited();
  }
  #putInForce(name: string): void {
    const { deviceRegistry, serviceRegistry } = this.host;
    if (name === "ProhibitedTechnologies") this.#enforceProhibition();
    if (name === "WakeOnLanEnabled") deviceRegistry.checkWakeOnLan();
    if (name === "CheckPortalList") serviceRegistry.reviewValidation();
    serviceRegistry.requestSort(`${name} was set`);
  }
}
