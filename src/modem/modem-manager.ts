import type { Cancel } from "../base/clock.ts";
import { describeError } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import type { WireVariant } from "../base/property.ts";
import { BusError, type BusPort } from "../bus/bus.ts";
import { type RemoteInterface, type RemoteObject, RemoteObjects } from "../bus/remote-objects.ts";
import { mmBearer, mmModem, mmModem3gpp, mmName, mmPath, mmSim, mmSimple, noObject } from "./mm-interfaces.ts";
import { bearerOf, modemOf, simOf } from "./mm-objects.ts";
import { ipFamilies, refusalOf } from "./mm-words.ts";
import { type Bearer, type Modem, type ModemConnection, ModemError, type ModemObserver, type Modems } from "./modem.ts";

export interface ModemManagerPorts {
  readonly bus: Pick<BusPort, "call" | "match" | "watchName">;
  readonly log: Log;
}

/** Enabling may register first, which a modem out of reach tries for a minute; ModemManager has limits of its own. */
const enableTimeoutMs = 120_000;
const connectTimeoutMs = 180_000;
const disconnectTimeoutMs = 30_000;

/** {@link Modems} by ModemManager's D-Bus interface. Nothing is asked of it before there is an observer. */
export class ModemManager implements Modems {
  readonly #remote: RemoteObjects;
  readonly #observers = new Set<ModemObserver>();
  readonly #modems = new Map<string, Modem>();
  /** SIMs and bearers, which its ObjectManager does not tell of, by path. */
  readonly #parts = new Map<string, { isAnswered: boolean }>();
  #isStarted = false;

  constructor(private readonly ports: ModemManagerPorts) {
    const plan = { busName: mmName, objectManager: mmPath, interfaces: [mmModem, mmModem3gpp, mmSim, mmBearer] };
    const observer = {
      ready: () => this.#reviewAll(),
      gone: () => this.#forgetAll(),
      added: (object: RemoteObject) => this.#review(object.path),
      changed: (object: RemoteObject) => this.#onChanged(object),
      removed: (path: string, interfaceName: string) => {
        if (interfaceName === mmModem.name) this.#remove(path, "the modem was unplugged");
      },
    };
    this.#remote = new RemoteObjects(ports.bus, plan, observer, ports.log);
  }

  get all(): readonly Modem[] {
    return [...this.#modems.values()];
  }
  observe(observer: ModemObserver): Cancel {
    this.#observers.add(observer);
    if (!this.#isStarted) this.#remote.start();
    this.#isStarted = true;
    const known = this.all;
    queueMicrotask(() => {
      for (const { id } of this.#observers.has(observer) ? known : []) {
        const modem = this.#modems.get(id);
        if (modem) observer.modemAdded(modem);
      }
    });
    return () => this.#observers.delete(observer);
  }
  close(): void {
    this.#observers.clear();
    this.#remote.close();
  }

  async enable(id: string, isEnabled: boolean): Promise<void> {
    await this.#call(id, mmModem.name, "Enable", "b", [isEnabled], enableTimeoutMs);
  }
  async connect(id: string, connection: ModemConnection): Promise<Bearer> {
    const [path] = await this.#call(id, mmSimple, "Connect", "a{sv}", [wishOf(connection)], connectTimeoutMs);
    try {
      return bearerOf(await this.#remote.follow(String(path), mmBearer));
    } catch {
      throw new ModemError("gone", "the connection that it made went away at once");
    }
  }
  async disconnect(id: string): Promise<void> {
    await this.#call(id, mmSimple, "Disconnect", "o", [noObject], disconnectTimeoutMs).catch((error: unknown) => {
      this.ports.log.debug(() => `${id}: not disconnected: ${describeError(error)}`);
    });
  }
  async sendPin(id: string, pin: string): Promise<void> {
    const sim = this.#remote.at(id)?.get(mmModem, "Sim") ?? noObject;
    if (sim === noObject) throw new ModemError("sim-missing", "it has no SIM");
    await this.#call(sim, mmSim.name, "SendPin", "s", [pin]);
  }

  /** The text of a refusal may repeat the arguments: only its name goes on. */
  async #call(
    path: string,
    interfaceName: string,
    member: string,
    signature: string,
    args: readonly unknown[],
    timeoutMs?: number,
  ): Promise<readonly unknown[]> {
    try {
      return await this.#remote.call(path, interfaceName, member, signature, args, timeoutMs);
    } catch (error) {
      const name = error instanceof BusError ? error.busName : "no answer";
      throw new ModemError(refusalOf(name), `${member} was refused by ModemManager: ${name}`);
    }
  }

  #reviewAll(): void {
    for (const { path } of this.#remote.all(mmModem)) this.#review(path);
  }
  #forgetAll(): void {
    this.#parts.clear();
    for (const id of [...this.#modems.keys()]) this.#remove(id, "ModemManager is gone");
  }
  #remove(id: string, because: string): void {
    const modem = this.#modems.get(id);
    if (!modem) return;
    this.#modems.delete(id);
    this.#forgetUnusedParts();
    for (const observer of this.#observers) observer.modemRemoved(modem, because);
  }
  #onChanged(object: RemoteObject): void {
    if (object.has(mmModem)) this.#review(object.path);
    else for (const modem of this.#remote.all(mmModem)) if (partsOf(modem).has(object.path)) this.#review(modem.path);
  }

  /** Takes a modem as it is now, once its parts are read; a modem told already is told as a change. */
  #review(id: string): void {
    const object = this.#remote.at(id);
    if (!object?.has(mmModem) || !this.#hasParts(object)) return;
    const modem = this.#modemOf(object);
    const before = this.#modems.get(id);
    this.#modems.set(id, modem);
    this.#forgetUnusedParts();
    for (const observer of this.#observers) {
      if (before) observer.modemChanged(modem, before);
      else observer.modemAdded(modem);
    }
  }
  #modemOf(object: RemoteObject): Modem {
    const sim = this.#remote.at(object.get(mmModem, "Sim") ?? noObject);
    const bearers = (object.get(mmModem, "Bearers") ?? [])
      .map((path) => this.#remote.at(path))
      .filter((bearer) => bearer !== undefined);
    return modemOf(object, sim && simOf(sim), bearers.map(bearerOf));
  }
  /** False: some are asked for, and the modem is looked at again then. One that does not answer is not waited for. */
  #hasParts(object: RemoteObject): boolean {
    const parts = partsOf(object);
    for (const [path, kind] of parts) if (!this.#parts.has(path)) this.#readPart(object.path, path, kind);
    return [...parts.keys()].every((path) => this.#parts.get(path)?.isAnswered);
  }
  #readPart(id: string, path: string, kind: RemoteInterface): void {
    const part = { isAnswered: false };
    this.#parts.set(path, part);
    this.#remote
      .follow(path, kind)
      .catch((error: unknown) => this.ports.log.debug(() => `${path} could not be read: ${describeError(error)}`))
      .finally(() => {
        part.isAnswered = true;
        if (this.#parts.get(path) === part) this.#review(id);
      });
  }
  #forgetUnusedParts(): void {
    const used = new Set(this.#remote.all(mmModem).flatMap((modem) => [...partsOf(modem).keys()]));
    for (const path of [...this.#parts.keys()]) {
      if (used.has(path)) continue;
      this.#parts.delete(path);
      this.#remote.unfollow(path);
    }
  }
}

/** More than any modem has. */
const mostBearers = 16;

/** SIM and bearers that it names. */
function partsOf(object: RemoteObject): ReadonlyMap<string, RemoteInterface> {
  const sim = object.get(mmModem, "Sim") ?? noObject;
  const bearers = (object.get(mmModem, "Bearers") ?? []).slice(0, mostBearers);
  return new Map<string, RemoteInterface>([
    ...(sim === noObject ? [] : ([[sim, mmSim]] as const)),
    ...bearers.map((path) => [path, mmBearer] as const),
  ]);
}

function wishOf({ apn, user, password, ipType }: ModemConnection): ReadonlyMap<string, WireVariant> {
  const text = (value: string): WireVariant => ({ signature: "s", value });
  return new Map<string, WireVariant>([
    ["apn", text(apn)],
    ...(user ? ([["user", text(user)]] as const) : []),
    ...(password ? ([["password", text(password)]] as const) : []),
    ...(ipType ? ([["ip-type", { signature: "u", value: ipFamilies[ipType] }]] as const) : []),
  ]);
}
