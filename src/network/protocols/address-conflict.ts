import { type Clock, TimerSet } from "../../base/clock.ts";
import type { ReceivedPacket } from "../../packet/packet.ts";
import { type ArpPacket, arpAnnouncement, arpProbe, decodeArp } from "./address-conflict-arp.ts";

/**
 * `parallel`: the address is used while it is being probed; a wait of six seconds is too much for a rare conflict.
 * `before-use`: the order of RFC 5227, 2.1. `off`: no probes, no announcements, no defence.
 */
export type ConflictDetection = "parallel" | "before-use" | "off";

/**
 * `give-up`: for an address that a server can replace; it is defended once in ten seconds, and a second dispute within
 * them ends the watch (RFC 5227, 2.4 b). `keep`: for one that a person has fixed; the watch goes on for ever (2.4 c).
 */
export type OnDispute = "give-up" | "keep";

/** Events of the watched address. */
export interface ConflictObserver {
  /** No other host answered the probes. In `before-use` the address may be used from now on. */
  onFree(): void;
  /**
   * `otherMac` holds the address. With `give-up` the watch is over and the address must be given up at once. With
   * `keep` it is told again after each later probing that finds a holder, until {@link onFree}.
   */
  onConflict(otherMac: string): void;
}

export interface ConflictPorts {
  readonly clock: Clock;
  /** Broadcasts one ARP packet. */
  send(packet: Buffer): void;
  /** From 0 (inclusive) to 1. */
  random(): number;
  /** Whether an interface of this host has the MAC address now; asked for each packet, as links come and go. */
  isOwnMac(mac: string): boolean;
}

/** RFC 5227, 1.1; milliseconds. */
const probeWaitMs = 1000;
const probeCount = 3;
const probeMinMs = 1000;
const probeMaxMs = 2000;
const announceWaitMs = 2000;
const announceCount = 2;
const announceIntervalMs = 2000;
const defendIntervalMs = 10_000;
/** How long a kept address counts as disputed before it is probed again: three packets a minute disturb no network. */
const recheckMs = 60_000;

/** Whether a packet disputes the address, and how (RFC 5227, 2.1.1 and 2.4). */
export type Dispute = "none" | "held-by-other" | "also-probed";

function disputeOf(packet: ArpPacket, isOwnMac: (mac: string) => boolean, address: string): Dispute {
  // Our own packets come back from bridges and access points, and the kernel answers on each link for the addresses of
  // all others (arp_ignore 0): "not the hardware address of any of the host's interfaces" (RFC 5227, 2.1.1).
  if (isOwnMac(packet.senderMac)) return "none";
  if (packet.senderAddress === address) return "held-by-other";
  const isProbe = packet.isRequest && packet.senderAddress === "0.0.0.0" && packet.targetAddress === address;
  return isProbe ? "also-probed" : "none";
}

type Phase = "idle" | "probing" | "held" | "contested";

/**
 * Probes one address, announces and defends it (RFC 5227). While probing, any sign of another holder is a conflict:
 * the address was never ours. Afterwards it is defended at most once in ten seconds (2.4). However many packets arrive,
 * at most one is sent in ten seconds and one conflict is told, with `keep` one a minute.
 */
export class AddressConflictWatch {
  readonly #timers: TimerSet<"arp-probe" | "arp-announce" | "arp-recheck">;
  #phase: Phase = "idle";
  #address = "";
  #mode: ConflictDetection = "off";
  #defendedAt = Number.NEGATIVE_INFINITY;
  /** No other host had the address when it was probed first: it is ours to defend. */
  #isVerified = false;
  #disputes = 0;

  constructor(
    private readonly ports: ConflictPorts,
    private readonly mac: string,
    linkName: string,
    private readonly observer: ConflictObserver,
    private readonly onDispute: OnDispute = "give-up",
  ) {
    this.#timers = new TimerSet(ports.clock, linkName);
  }

  /** For the debug dump. */
  get disputes(): number {
    return this.#disputes;
  }
  /** Undefined while nothing is watched. */
  get address(): string | undefined {
    return this.#phase === "idle" ? undefined : this.#address;
  }

  /** Begins with the first probe; replaces an earlier watch. */
  probe(address: string, mode: Exclude<ConflictDetection, "off">): void {
    this.#begin(address, mode, "probing");
    // The delay keeps a whole office from probing together after a power cut. A lease that is in use already has been
    // spread by the retransmission rule.
    if (mode === "parallel" && this.onDispute === "give-up") this.#sendProbe(1);
    else this.#timers.start("arp-probe", this.ports.random() * probeWaitMs, () => this.#sendProbe(1));
  }
  /** Only defends: for an address that this host has been using all along. */
  hold(address: string): void {
    this.#begin(address, "parallel", "held");
    this.#isVerified = true;
  }
  /** Twice is fine. */
  stop(): void {
    this.#timers.cancelAll();
    this.#phase = "idle";
  }
  onPacket({ payload }: ReceivedPacket): void {
    if (this.#phase === "idle") return;
    const packet = decodeArp(payload);
    const isOwnMac = (mac: string) => mac === this.mac || this.ports.isOwnMac(mac);
    if (packet) this.#judge(packet, disputeOf(packet, isOwnMac, this.#address));
  }

  #begin(address: string, mode: ConflictDetection, phase: Phase): void {
    this.stop();
    this.#address = address;
    this.#mode = mode;
    this.#phase = phase;
    this.#isVerified = false;
    this.#defendedAt = Number.NEGATIVE_INFINITY;
  }
  #judge(packet: ArpPacket, dispute: Dispute): void {
    // In use, the kernel answers another host's probe, and that host yields.
    if (dispute === "none" || (dispute === "also-probed" && this.#mode === "parallel")) return;
    if (dispute === "also-probed" && this.#phase === "held") return;
    this.#disputes++;
    if (this.onDispute === "keep") this.#contest(packet.senderMac);
    else if (this.#phase === "held" && this.#mayDefend()) this.#defend();
    else this.#concede(packet.senderMac);
  }
  /** The address stays. One that the other host had first is not announced: that would only draw off its traffic. */
  #contest(otherMac: string): void {
    if (this.#isVerified && this.#mayDefend()) this.#defend();
    if (this.#phase === "contested") return;
    this.#timers.cancelAll();
    this.#phase = "contested";
    this.#timers.start("arp-recheck", recheckMs, () => this.#recheck());
    this.observer.onConflict(otherMac);
  }
  #recheck(): void {
    this.#phase = "probing";
    this.#sendProbe(1);
  }
  #mayDefend(): boolean {
    return this.ports.clock.now() - this.#defendedAt >= defendIntervalMs;
  }
  #defend(): void {
    this.#defendedAt = this.ports.clock.now();
    this.ports.send(arpAnnouncement(this.mac, this.#address));
  }
  #concede(otherMac: string): void {
    this.stop();
    this.observer.onConflict(otherMac);
  }
  #sendProbe(count: number): void {
    this.ports.send(arpProbe(this.mac, this.#address));
    const spread = probeMinMs + this.ports.random() * (probeMaxMs - probeMinMs);
    if (count < probeCount) this.#timers.start("arp-probe", spread, () => this.#sendProbe(count + 1));
    else this.#timers.start("arp-probe", announceWaitMs, () => this.#succeed());
  }
  #succeed(): void {
    this.#phase = "held";
    this.#isVerified = true;
    this.observer.onFree();
    this.#announce(1);
  }
  #announce(count: number): void {
    if (this.#phase !== "held") return;
    this.ports.send(arpAnnouncement(this.mac, this.#address));
    if (count < announceCount) this.#timers.start("arp-announce", announceIntervalMs, () => this.#announce(count + 1));
  }
}
