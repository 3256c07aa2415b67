import type { Cancel } from "../../base/clock.ts";
import { DaemonError, describeError } from "../../base/errors.ts";
import { type PropertyShape, propertyTable, type WireVariant } from "../../base/property.ts";
import { Device, type DeviceHost, deviceShape } from "../../devices/device.ts";
import { deviceProperties } from "../../devices/device-properties.ts";
import { type Bearer, isRegistered, type Modem, ModemError, type Modems } from "../../modem/modem.ts";
import type { Link } from "../../rtnl/rtnl.ts";
import type { Service } from "../../services/service.ts";
import type { DisconnectReason } from "../../services/service-device.ts";
import { addressingOf } from "./cellular-addressing.ts";
import { connectionOf } from "./cellular-apn.ts";
import { operatorOf } from "./cellular-properties.ts";
import { type CellularPort, CellularService } from "./cellular-service.ts";
import { failureOf, objectionOf } from "./cellular-standing.ts";

/** A modem's link. It belongs to the modem that names it among its ports, at any object path of the modem. */
export class CellularDevice extends Device implements CellularPort {
  override readonly technology = "cellular";
  /** Counts attempts: the result of an earlier one is dropped. */
  #attempt = 0;
  #bearer: Bearer | undefined;
  readonly #cancelModems: Cancel;

  constructor(
    host: DeviceHost,
    link: Link,
    technologyReason: string,
    private readonly modems: Modems,
  ) {
    super(host, link, technologyReason);
    const tell = (modem: Modem, because: string) => {
      if (modem.netPorts.includes(this.name)) this.#told(because);
    };
    this.#cancelModems = modems.observe({
      modemAdded: (modem) => tell(modem, "the modem is there"),
      modemChanged: (modem, before) => {
        tell(modem, "the modem changed");
        if (before.netPorts.join() !== modem.netPorts.join()) tell(before, "the modem has other links");
      },
      modemRemoved: tell,
    });
  }

  override get shape(): PropertyShape<Device> {
    return cellularShape;
  }
  /** Undefined: ModemManager does not know it yet. */
  get modem(): Modem | undefined {
    return this.modems.all.find(({ netPorts }) => netPorts.includes(this.name));
  }
  override get notReadyBecause(): string | undefined {
    const { modem } = this;
    return modem ? objectionOf(modem)?.because : "ModemManager knows no modem with this link";
  }
  protected override get mediumIsUp(): string {
    return `the modem is connected through ${this.name}`;
  }
  /** The modem's news tell of the connection, with a reason; the carrier tells nothing more. */
  protected override carrierChanged(): void {}

  override async activate(): Promise<void> {
    await super.activate();
    if (this.isSetUp) this.#switchOn();
  }
  override async deactivate(): Promise<void> {
    const { modem } = this;
    if (modem && this.isSetUp) await this.#switch(modem, false);
    await super.deactivate();
  }
  /** Takes a minute without a network, and fails with a locked SIM: the link is enabled all the same. */
  #switchOn(): void {
    const { modem } = this;
    if (modem?.state === "disabled" && modem.lock === "none") void this.#switch(modem, true);
  }
  async #switch({ id }: Modem, isOn: boolean): Promise<void> {
    try {
      await this.modems.enable(id, isOn);
    } catch (error) {
      this.host.log.warn(`${this.name}: the modem was not switched ${isOn ? "on" : "off"}: ${describeError(error)}`);
    }
  }

  override dispose(reason: DisconnectReason): void {
    this.#cancelModems();
    super.dispose(reason);
  }

  override connectService(service: Service): void {
    const { modem } = this;
    if (!(service instanceof CellularService)) return;
    if (!modem) throw new DaemonError("Failure", `${this.name}: ModemManager knows no modem with this link`);
    this.take();
    this.selectService(service);
    service.advance("associate", `the modem on ${this.name} is asked to connect`);
    void this.#connect(service, modem);
  }
  async #connect(service: CellularService, { id }: Modem): Promise<void> {
    const attempt = ++this.#attempt;
    try {
      const bearer = await this.modems.connect(id, connectionOf(service.apn));
      if (attempt === this.#attempt) this.#configure(service, bearer);
      else if (!this.selectedService) await this.modems.disconnect(id);
    } catch (error) {
      if (attempt !== this.#attempt) return;
      const { error: word, details } =
        error instanceof ModemError ? failureOf(error) : { error: "internal-error", details: describeError(error) };
      this.#fail(service, word, details);
    }
  }
  #configure(service: CellularService, bearer: Bearer): void {
    const addressing = addressingOf(bearer, this.name);
    if (typeof addressing === "string") {
      this.#fail(service, "connect-failed", addressing);
      this.#hangUp();
      return;
    }
    this.#bearer = bearer;
    service.addressing = addressing;
    if (this.startNetwork(service)) service.advance("configure", this.mediumIsUp);
  }
  override disconnectService(service: Service, reason: DisconnectReason): void {
    if (this.selectedService !== service) return;
    this.#forget();
    super.disconnectService(service, reason);
    this.#hangUp();
  }
  override failed(...failure: Parameters<Device["failed"]>): void {
    super.failed(...failure);
    this.#forget();
    this.#hangUp();
  }
  #forget(): void {
    this.#attempt++;
    this.#bearer = undefined;
  }
  #hangUp(): void {
    const { modem } = this;
    if (modem) void this.modems.disconnect(modem.id);
  }
  #fail(service: CellularService, error: string, details: string): void {
    if (this.selectedService !== service) return;
    this.#forget();
    service.fail(error, details);
    this.stopNetwork({ release: false });
    this.selectService(undefined);
  }

  // From the Provider, which follows the modems.

  modemAdded(): void {
    if (this.isUsable) this.#switchOn();
  }
  modemChanged(modem: Modem, before: Modem): void {
    if (this.isUsable && before.lock !== "none") this.#switchOn();
    const isConnected = (of: Modem) => of.bearers.some(({ id, isConnected: is }) => is && id === this.#bearer?.id);
    if (!isConnected(before) || isConnected(modem)) return;
    const service = this.selectedService;
    if (!(service instanceof CellularService)) return;
    if (isRegistered(modem)) this.#fail(service, "disconnect-failure", "the network ended the connection");
    else this.#fail(service, "not-registered", objectionOf(modem)?.because ?? "the network is out of reach");
  }
  #told(because: string): void {
    for (const name of modemProperties) this.properties.touch(name);
    this.host.readinessChanged(this, because);
  }
}

/** Where a modem tells no number of tries, in shill's words. */
const unknownRetries = 999;

const cellularProperties = propertyTable<CellularDevice>()({
  "Cellular.EquipmentID": {
    signature: "s",
    doc: "IMEI, MEID or ESN; empty while ModemManager does not know the modem, as all of these.",
    get: ({ modem }) => modem?.equipmentId ?? "",
  },
  "Cellular.FirmwareRevision": {
    signature: "s",
    doc: "Of the modem, as it names it.",
    get: ({ modem }) => modem?.revision ?? "",
  },
  "Cellular.HomeProvider": {
    signature: "a{ss}",
    doc: "The company that sold the SIM: code (MCC and MNC), name.",
    get: ({ modem }) => operatorOf(modem?.sim?.operatorCode, modem?.sim?.operatorName),
  },
  "Cellular.ICCID": { signature: "s", doc: "Number of the SIM.", get: ({ modem }) => modem?.sim?.iccid ?? "" },
  "Cellular.IMEI": {
    signature: "s",
    doc: "Number of the modem, if it is an IMEI.",
    get: ({ modem }) => (/^\d{15}$/.test(modem?.equipmentId ?? "") ? (modem?.equipmentId ?? "") : ""),
  },
  "Cellular.IMSI": {
    signature: "s",
    doc: "Number of the subscription; empty while the SIM is locked.",
    get: ({ modem }) => modem?.sim?.imsi ?? "",
  },
  "Cellular.Manufacturer": { signature: "s", doc: "Of the modem.", get: ({ modem }) => modem?.manufacturer ?? "" },
  "Cellular.ModelID": { signature: "s", doc: "Of the modem.", get: ({ modem }) => modem?.model ?? "" },
  "Cellular.SIMLockStatus": {
    signature: "a{sv}",
    doc: "LockType (sim-pin, sim-puk, network-pin, or empty), RetriesLeft (999: not told), LockEnabled (it is locked now).",
    get: ({ modem }) => lockStatusOf(modem),
  },
  "Cellular.SIMPresent": {
    signature: "b",
    doc: "Whether there is a SIM in the modem.",
    get: ({ modem }) => modem?.sim !== undefined,
  },
  "DBus.Object": {
    signature: "s",
    doc: "Path of the modem at DBus.Service; empty: it is not there.",
    get: ({ modem }) => modem?.id ?? "",
  },
  "DBus.Service": {
    signature: "s",
    doc: "The daemon that drives the modem.",
    get: () => "org.freedesktop.ModemManager1",
  },
});
const modemProperties = Object.keys(cellularProperties);

function lockStatusOf(modem: Modem | undefined): ReadonlyMap<string, WireVariant> {
  const lock = modem?.lock ?? "none";
  return new Map<string, WireVariant>([
    ["LockType", { signature: "s", value: lock === "none" || lock === "other" ? "" : lock }],
    ["RetriesLeft", { signature: "i", value: modem?.unlockRetries ?? unknownRetries }],
    ["LockEnabled", { signature: "b", value: lock !== "none" }],
  ]);
}

export const cellularShape: PropertyShape<Device> = deviceShape<CellularDevice>(deviceProperties, cellularProperties);
