import type { Cancel, Clock } from "../base/clock.ts";
import { describeError } from "../base/errors.ts";
import { familyOf } from "../base/ip-address.ts";
import type { Log } from "../base/log.ts";
import type { Rtnl } from "../rtnl/rtnl.ts";

/** A router of a connected Service. */
export interface Gateway {
  readonly link: number;
  readonly address: string;
}

export interface GatewayMacsPorts {
  readonly clock: Clock;
  readonly log: Log;
  readonly rtnl: Pick<Rtnl, "neighbours" | "request">;
  /** Another MAC address is known than before, or none any more. */
  changed(): void;
}

/**
 * NUD_INCOMPLETE: the kernel asks just now. Together with NUD_FAILED: it has no answer, though perhaps an old address.
 */
const incomplete = 0x01;
const unanswered = incomplete | 0x20;
/** A router answers within a round trip; one that sleeps, or that a switch hides for a moment, later. */
const waitsMs = [50, 200, 1_000, 5_000, 25_000] as const;

/** MAC addresses of the routers in use, from the kernel's neighbour table, which is asked to find each. */
export class GatewayMacs {
  #gateways: readonly Gateway[] = [];
  #macs: ReadonlyMap<string, string> = new Map();
  #cancelLook: Cancel = () => {};
  /** Different for each set of gateways; an answer about an earlier one is too late. */
  #round = 0;

  constructor(private readonly ports: GatewayMacsPorts) {}

  /** Colon form. */
  get all(): readonly string[] {
    return [...new Set(this.#macs.values())];
  }
  /** From now on these; the same again changes nothing. */
  follow(gateways: readonly Gateway[]): void {
    if (gateways.map(keyOf).join() === this.#gateways.map(keyOf).join()) return;
    this.#gateways = gateways;
    this.#cancelLook();
    const keys = new Set(gateways.map(keyOf));
    this.#set(new Map([...this.#macs].filter(([key]) => keys.has(key))));
    const round = ++this.#round;
    if (gateways.length > 0) void this.#look(round, 0);
  }
  stop(): void {
    this.follow([]);
  }

  async #look(round: number, attempt: number): Promise<void> {
    const found = await Promise.all(this.#gateways.map((gateway) => this.#macOf(gateway)));
    if (round !== this.#round) return;
    this.#set(
      new Map(found.flatMap((mac, at) => (mac === undefined ? [] : [[keyOf(this.#gateways[at] as Gateway), mac]]))),
    );
    const waitMs = waitsMs[attempt];
    if (found.every((mac) => mac !== undefined) || waitMs === undefined) return;
    this.#cancelLook = this.ports.clock.startTimer("gateway-mac", waitMs, () => void this.#look(round, attempt + 1));
  }
  async #macOf({ link, address }: Gateway): Promise<string | undefined> {
    const { rtnl, log } = this.ports;
    try {
      const neighbours = await rtnl.neighbours(link);
      const known = neighbours.find((neighbour) => neighbour.address === address);
      if (known && (known.state & unanswered) === 0) return known.mac;
      const family = familyOf(address);
      const isAsked = known !== undefined && (known.state & incomplete) !== 0;
      if (family !== undefined && !isAsked)
        await rtnl.request({ op: "resolve-neighbour", link, family, neighbour: address });
    } catch (error) {
      log.debug(() => `the neighbour ${address} could not be asked for: ${describeError(error)}`);
    }
    return undefined;
  }
  #set(macs: ReadonlyMap<string, string>): void {
    const before = this.all.join();
    this.#macs = macs;
    if (this.all.join() !== before) this.ports.changed();
  }
}

const keyOf = ({ link, address }: Gateway): string => `${link} ${address}`;
