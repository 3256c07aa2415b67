import type { Cancel, Clock } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import { isPrimary, type PrimaryTechnology, type Technology } from "../base/technology.ts";
import type { Device } from "../devices/device.ts";
import { isForeignDefault } from "../network/kernel/marks.ts";
import type { Address, Delta, Link, Rtnl } from "../rtnl/rtnl.ts";
import type { DisconnectReason } from "../services/service-device.ts";
import type { LinkFacts } from "../system/sysfs.ts";
import type { LinkSelection } from "./link-names.ts";
import { decideTechnology, technologyWithoutDriver } from "./technology-decision.ts";

/** Drivers bind and modems show their tty within this time (docs/contract/shill.md, Links). */
const settleMs = 5_000;
/**
 * Rules of a desktop take udev some ten milliseconds. One that hangs (its own limit is 180 s) must not keep the network
 * down.
 */
const setupMs = 10_000;
/** RT_SCOPE_UNIVERSE: it means something beyond the link. */
const universeScope = 0;

export interface DeviceInfoHost {
  readonly clock: Clock;
  readonly log: Log;
  readonly rtnl: Rtnl;
  readonly links: LinkSelection;
  readFacts(linkName: string): LinkFacts;
  /**
   * Calls `done` when the system's device manager has set the link up. Absent, or undefined: nothing is to be waited
   * for.
   */
  whenSetUp?(linkIndex: number, done: () => void): Cancel | undefined;
  /** Undefined: Fairlead has no support for the technology, or for such a link; it is listed and left alone. */
  makeDevice(link: Link, technology: PrimaryTechnology, because: string): Device | undefined;
  deviceAdded(device: Device): void;
  deviceRemoved(device: Device): void;
  /** A primary technology appeared on, or left, a link without a Device. */
  uninitializedChanged(): void;
  /** Other links than before are claimed by clients. */
  claimsChanged(): void;
}

interface KnownLink {
  link: Link;
  technology: Technology | "delayed" | "excluded";
  because: string;
  device?: Device;
  cancelDelay?: Cancel;
}

/** Turns news of links into Devices. Keeps one record per link, by index. */
export class DeviceInfo {
  readonly #known = new Map<number, KnownLink>();
  readonly #cancel: Cancel;

  constructor(private readonly host: DeviceInfoHost) {
    this.#cancel = host.rtnl.onDelta((delta) => this.#onDelta(delta));
  }

  /** For the debug dump, and for `fairlead devices`, which also shows links left alone. */
  *links(): Generator<{ link: Link; technology: string; because: string; device?: Device }> {
    for (const { link, technology, because, device } of this.#known.values()) {
      yield device ? { link, technology, because, device } : { link, technology, because };
    }
  }
  /** Primary technologies that are on a link without being a Device yet; a live Device of the kind removes them. */
  get uninitializedTechnologies(): readonly Technology[] {
    const found = new Set<Technology>();
    const live = new Set<string>();
    for (const { technology, device } of this.#known.values()) {
      if (device) live.add(technology);
      else if (technology !== "delayed" && technology !== "excluded" && isPrimary(technology)) found.add(technology);
    }
    return [...found].filter((technology) => !live.has(technology)).sort();
  }

  /** Names of the links that clients have claimed for themselves. */
  get claimedLinks(): readonly string[] {
    return this.host.links.claimed;
  }
  /**
   * A client takes the link for itself: its Device goes, without any change to the stored settings. Throws
   * InvalidArguments.
   */
  claim(linkName: string): void {
    this.host.links.claim(linkName);
    this.#reconsider(linkName);
    this.host.claimsChanged();
  }
  /** The link is ours to look at again. Throws InvalidArguments. */
  release(linkName: string): void {
    this.host.links.release(linkName);
    this.#reconsider(linkName);
    this.host.claimsChanged();
  }
  /** Listens no more; Devices stay as they are. */
  close(): void {
    this.#cancel();
    for (const known of this.#known.values()) known.cancelDelay?.();
  }

  #onDelta(delta: Delta): void {
    switch (delta.kind) {
      case "link-added":
        this.#add(delta.link);
        break;
      case "link-changed":
        this.#change(delta.link, delta.before);
        break;
      case "link-removed":
        this.#remove(delta.link.index, "device removed");
        break;
      case "address-added":
      case "address-removed":
        if (delta.reason !== "own-request") this.#onAddress(delta.address);
        break;
      case "route-added":
      case "route-removed":
        if (isForeignDefault(delta.route)) this.#known.get(delta.route.link ?? 0)?.device?.wayOutChanged();
        break;
      default: // other routes, rules and neighbours are the Network's business
    }
  }

  /** Link-local addresses come and go by themselves. */
  #onAddress({ link, scope }: Address): void {
    if (scope === universeScope) this.#known.get(link)?.device?.addressesChanged();
  }

  #add(link: Link): void {
    const known: KnownLink = { link, technology: "unknown", because: "" };
    this.#known.set(link.index, known);
    const exclusion = this.host.links.exclusion(link.name);
    if (exclusion) {
      known.technology = "excluded";
      known.because = exclusion;
      this.host.log.info(`${link.name}: not looked at: ${exclusion}`);
    } else if (link.isLoopback || !this.#awaitSetup(known)) this.#decide(known, "first");
  }

  /** udev may rename a new link, and a link that is up cannot be renamed by older kernels. False: it is set up. */
  #awaitSetup(known: KnownLink): boolean {
    const { clock, log } = this.host;
    const goOn = () => {
      known.cancelDelay?.();
      delete known.cancelDelay;
      this.#decide(known, "first");
    };
    const cancelWait = this.host.whenSetUp?.(known.link.index, goOn);
    if (!cancelWait) return false;
    const cancelTimer = clock.startTimer(`setup ${known.link.name}`, setupMs, () => {
      log.warn(`${known.link.name}: udev is not done with it after ${setupMs / 1000} s; it is used as it is`);
      goOn();
    });
    known.cancelDelay = () => {
      cancelWait();
      cancelTimer();
    };
    known.technology = "delayed";
    known.because = "it has just appeared: udev, or the program that made it, is not done with it yet";
    return true;
  }

  #decide(known: KnownLink, attempt: "first" | "settled"): void {
    const { link } = known;
    const decision = decideTechnology(
      link,
      () => this.host.readFacts(link.name),
      (name) => this.#technologyOf(name),
      this.host.links.isAllowed(link.name),
    );
    const isGivenUp = decision.technology === "delayed" && attempt === "settled";
    known.technology = isGivenUp ? technologyWithoutDriver : decision.technology;
    known.because = decision.because;
    if (known.technology === "delayed") this.#delay(known);
    else this.#create(known, known.technology as Technology);
  }

  #delay(known: KnownLink): void {
    this.host.log.debug(() => `${known.link.name}: decided in ${settleMs} ms: ${known.because}`);
    known.cancelDelay = this.host.clock.startTimer(`settle ${known.link.name}`, settleMs, () => {
      delete known.cancelDelay;
      this.#decide(known, "settled");
    });
  }

  #create(known: KnownLink, technology: Technology): void {
    const { link, because } = known;
    this.host.log.debug(() => `${link.name}: ${technology} (${because})`);
    if (technology === "loopback") this.#setLoopbackUp(link);
    if (!isPrimary(technology)) return;
    const device = this.host.makeDevice(link, technology, because);
    if (device) {
      known.device = device;
      this.host.deviceAdded(device);
    } else this.host.uninitializedChanged();
  }

  #setLoopbackUp(link: Link): void {
    if (link.isUp) return;
    this.host.rtnl.request({ op: "set-link", link: link.index, change: { isUp: true } }).catch((error: unknown) => {
      this.host.log.warn(`${link.name}: could not be set up`, { error });
    });
  }

  #change(link: Link, before: Link): void {
    const known = this.#known.get(link.index);
    // The name is part of a Device's identity on the bus: a renamed link is a new one.
    if (!known || link.name !== before.name) {
      this.#remove(link.index, "device removed");
      this.#add(link);
      return;
    }
    known.link = link;
    if (known.device) known.device.update(link);
    else if (link.mac !== before.mac && known.technology !== "excluded" && !known.cancelDelay)
      this.#decide(known, "first");
  }

  #remove(index: number, reason: DisconnectReason): void {
    const known = this.#known.get(index);
    if (!known) return;
    this.#known.delete(index);
    known.cancelDelay?.();
    if (!known.device) return;
    known.device.dispose(reason);
    this.host.deviceRemoved(known.device);
  }

  #reconsider(linkName: string): void {
    const link = this.host.rtnl.snapshot.linkByName(linkName);
    if (!link) return;
    this.#remove(link.index, "the link is looked at anew");
    this.#add(link);
  }

  #technologyOf(linkName: string): Technology | undefined {
    for (const { link, technology } of this.#known.values()) {
      if (link.name === linkName && technology !== "delayed" && technology !== "excluded") return technology;
    }
    return undefined;
  }
}
