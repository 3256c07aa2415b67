import type { Cancel } from "../../src/base/clock.ts";
import {
  type Bearer,
  type BearerAddressing,
  type Modem,
  type ModemConnection,
  ModemError,
  type ModemObserver,
  type Modems,
} from "../../src/modem/modem.ts";

/** A modem with its SIM and the network around it; test/fakes/fake-modem-manager.py knows the same. */
export interface FakeModemSpec {
  readonly imei: string;
  /** Absent: a modem whose only ports are serial ones. */
  readonly link?: string;
  /** Absent: no SIM is in it. */
  readonly iccid?: string;
  /** It is locked, and this opens it. */
  readonly pin?: string;
  /** The only one that the network takes. */
  readonly apn: string;
  readonly user?: string;
  readonly password?: string;
  readonly addressing: "static" | "dhcp" | "ppp";
  readonly isOutOfReach?: boolean;
}

const fakeAddress: BearerAddressing = {
  method: "static",
  address: "10.64.0.2",
  prefixLength: 30,
  gateway: "10.64.0.1",
};
const fakeNameServer = "10.64.0.1";
const fakeOperator = { code: "00101", name: "Test Network" } as const;
const fakeSignal = 60;

/**
 * Modems and their networks in memory. The effects of an order come in later microtasks, as from another process; the
 * order itself is answered after that, as ModemManager does.
 */
export class FakeModemManager implements Modems {
  readonly #observers = new Set<ModemObserver>();
  readonly #modems = new Map<string, FakeModem>();
  #plugged: FakeModemSpec[] = [];
  #lastId = -1;
  #isRunning = true;
  /** Every connection that was asked for, in order. */
  readonly asked: ModemConnection[] = [];

  get all(): readonly Modem[] {
    return [...this.#modems.values()].map(({ now }) => now);
  }
  observe(observer: ModemObserver): Cancel {
    this.#observers.add(observer);
    const known = this.all;
    queueMicrotask(() => {
      for (const { id } of known) if (this.#modems.has(id)) observer.modemAdded(this.#at(id).now);
    });
    return () => this.#observers.delete(observer);
  }
  close(): void {
    this.#observers.clear();
  }
  async enable(id: string, isEnabled: boolean): Promise<void> {
    await this.#at(id).enable(isEnabled);
  }
  async connect(id: string, connection: ModemConnection): Promise<Bearer> {
    this.asked.push(connection);
    return this.#at(id).connect(connection);
  }
  async disconnect(id: string): Promise<void> {
    await this.#modems.get(id)?.disconnect();
  }
  async sendPin(id: string, pin: string): Promise<void> {
    await this.#at(id).sendPin(pin);
  }

  plug(spec: FakeModemSpec): void {
    this.#plugged.push(spec);
    if (this.#isRunning) this.#add(spec);
  }
  unplug(imei: string): void {
    this.#plugged = this.#plugged.filter((spec) => spec.imei !== imei);
    for (const [id, { spec }] of [...this.#modems]) if (spec.imei === imei) this.#remove(id, "the modem was unplugged");
  }
  setSignal(imei: string, signalPercent: number): void {
    this.#by(imei)?.become({ signalPercent });
  }
  /** Another SIM is put in. */
  setSim(imei: string, iccid: string): void {
    this.#by(imei)?.setSim(iccid);
  }
  /** The network comes into reach, or leaves it. */
  setReach(imei: string, isInReach: boolean): void {
    this.#by(imei)?.setReach(isInReach);
  }
  /** The network ends the connection. */
  cutOff(imei: string): void {
    this.#by(imei)?.cutOff();
  }
  kill(): void {
    this.#isRunning = false;
    for (const id of [...this.#modems.keys()]) this.#remove(id, "ModemManager is gone");
  }
  start(): void {
    this.#isRunning = true;
    this.#lastId = -1;
    for (const spec of this.#plugged) this.#add(spec);
  }

  #by(imei: string): FakeModem | undefined {
    return [...this.#modems.values()].find(({ spec }) => spec.imei === imei);
  }
  #at(id: string): FakeModem {
    const modem = this.#modems.get(id);
    if (!modem) throw new ModemError("gone", `there is no modem ${id}`);
    return modem;
  }
  #add(spec: FakeModemSpec): void {
    const id = `/modem/${++this.#lastId}`;
    const modem = new FakeModem(id, spec, (now, before) => {
      for (const observer of this.#observers) observer.modemChanged(now, before);
    });
    this.#modems.set(id, modem);
    for (const observer of this.#observers) observer.modemAdded(modem.now);
  }
  #remove(id: string, because: string): void {
    const { now } = this.#at(id);
    this.#modems.delete(id);
    for (const observer of this.#observers) observer.modemRemoved(now, because);
  }
}

const refuse = (refusal: ModemError["refusal"], what: string) => new ModemError(refusal, `refused: ${what}`);
const later = () => new Promise<void>((resolve) => queueMicrotask(resolve));

class FakeModem {
  now: Modem;
  #isInReach: boolean;
  constructor(
    readonly id: string,
    readonly spec: FakeModemSpec,
    private readonly changed: (now: Modem, before: Modem) => void,
  ) {
    this.#isInReach = spec.isOutOfReach !== true;
    this.now = plugged(id, spec);
  }

  become(change: Partial<Modem>): void {
    const before = this.now;
    this.now = { ...before, ...change };
    this.changed(this.now, before);
  }
  setReach(isInReach: boolean): void {
    this.#isInReach = isInReach;
    if (isInReach && this.now.state === "searching") this.#register();
    if (!isInReach && ["registered", "connected"].includes(this.now.state)) {
      this.become({ ...unregistered, registration: "searching", state: "searching", bearers: this.#endedBearers() });
    }
  }
  setSim(iccid: string): void {
    this.become({ state: "registered", bearers: this.#endedBearers(), sim: simOf({ ...this.spec, iccid }) });
  }
  cutOff(): void {
    this.become({ state: "registered", bearers: this.#endedBearers() });
  }
  #endedBearers(): readonly Bearer[] {
    return this.now.bearers.map((bearer) => ({ ...bearer, ...nowhere, isConnected: false }));
  }

  async enable(isEnabled: boolean): Promise<void> {
    if (this.now.state === "locked" || this.now.state === "failed") throw refuse("wrong-state", "Enable");
    if (!isEnabled) {
      await later();
      this.become({ ...unregistered, state: "disabled", bearers: this.#endedBearers() });
      return;
    }
    if (this.now.state !== "disabled") return;
    this.become({ state: "enabling" });
    await later();
    this.become({ state: "searching", registration: "searching" });
    if (this.#isInReach) this.#register();
  }
  #register(): void {
    this.become({
      state: "registered",
      registration: "home",
      operatorCode: fakeOperator.code,
      operatorName: fakeOperator.name,
      networkTechnology: "LTE",
      signalPercent: fakeSignal,
    });
  }
  async connect({ apn, user, password }: ModemConnection): Promise<Bearer> {
    if (this.now.state === "locked") throw refuse("sim-locked", "Connect");
    if (this.now.state === "disabled") await this.enable(true);
    if (this.now.state === "searching") throw refuse("not-registered", "Connect");
    this.become({ state: "connecting" });
    await later();
    this.become({ state: "registered" });
    if (apn !== this.spec.apn) throw refuse("invalid-apn", "Connect");
    if (user !== this.spec.user || password !== this.spec.password) throw refuse("not-authenticated", "Connect");
    const bearer = bearerOf(`${this.id}/bearer/${this.now.bearers.length}`, this.spec);
    this.become({ state: "connected", bearers: [...this.#endedBearers(), bearer] });
    return bearer;
  }
  async disconnect(): Promise<void> {
    await later();
    if (this.now.state === "connected") this.cutOff();
  }
  async sendPin(pin: string): Promise<void> {
    await later();
    if (this.now.lock !== "sim-pin") throw refuse("wrong-state", "SendPin");
    if (pin !== this.spec.pin) {
      this.become({ unlockRetries: (this.now.unlockRetries ?? 1) - 1 });
      throw refuse("wrong-pin", "SendPin");
    }
    this.become({ lock: "none", unlockRetries: undefined, state: "disabled", sim: simOf(this.spec) });
  }
}

const unregistered = {
  registration: "idle",
  operatorCode: "",
  operatorName: "",
  networkTechnology: "",
  signalPercent: 0,
} as const;
const nowhere = {
  portName: "",
  ipv4: { method: "none" },
  ipv6: { method: "none" },
  nameServers: [],
  mtu: undefined,
} as const;

function plugged(id: string, spec: FakeModemSpec): Modem {
  const isLocked = spec.pin !== undefined && spec.iccid !== undefined;
  return {
    ...unregistered,
    id,
    equipmentId: spec.imei,
    manufacturer: "Fairlead",
    model: "Test Modem",
    revision: "1",
    devicePath: `/sys/devices/test/${spec.imei}`,
    primaryPort: "cdc-wdm0",
    netPorts: spec.link === undefined ? [] : [spec.link],
    state: spec.iccid === undefined ? "failed" : isLocked ? "locked" : "disabled",
    failure: spec.iccid === undefined ? "sim-missing" : "none",
    lock: isLocked ? "sim-pin" : "none",
    unlockRetries: isLocked ? 3 : undefined,
    sim: isLocked ? { iccid: spec.iccid, imsi: "", operatorCode: "", operatorName: "" } : simOf(spec),
    bearers: [],
  };
}
const simOf = ({ iccid }: FakeModemSpec) =>
  iccid === undefined
    ? undefined
    : { iccid, imsi: "001010123456789", operatorCode: fakeOperator.code, operatorName: fakeOperator.name };

function bearerOf(id: string, { link, addressing }: FakeModemSpec): Bearer {
  const isStatic = addressing === "static";
  return {
    id,
    portName: link ?? "ttyACM0",
    isConnected: true,
    ipv4: isStatic ? fakeAddress : { method: addressing },
    ipv6: { method: "none" },
    nameServers: isStatic ? [fakeNameServer] : [],
    mtu: isStatic ? 1430 : undefined,
  };
}
