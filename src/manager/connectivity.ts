import type { Log } from "../base/log.ts";
import type { Device } from "../devices/device.ts";
import type { NameService } from "../policy/automation-host.ts";
import { type NameLayer, type NamePlan, planNames } from "../resolver/name-plan.ts";
import type { Neighbour, Rtnl } from "../rtnl/rtnl.ts";
import { isConnected } from "../services/connect-states.ts";
import type { Service } from "../services/service.ts";

/** Routes and resolvers, which follow the order of Services. */
export interface ConnectivityPorts {
  /** Links of the connected Services, best first. */
  setRanks(links: readonly number[]): void;
  /** Replaces the plan of name servers. */
  setNames(plan: NamePlan): void;
  /** Removes leftovers of an earlier run from links that are not in use now. */
  releaseUnclaimed(linksInUse: ReadonlySet<number>): void;
}

/** Carries the order of Services over to routes and resolvers. */
export class Connectivity {
  #rankedLinks: readonly number[] = [];
  #isFirst = true;
  #connected: readonly Service[] = [];
  #proxyAddresses: readonly string[] = [];
  #location: NameService = {};
  constructor(
    private readonly ports: ConnectivityPorts & { readonly rtnl: Pick<Rtnl, "neighbours">; readonly log: Log },
  ) {}

  /** Links of the connected Services, best first. */
  get rankedLinks(): readonly number[] {
    return this.#rankedLinks;
  }

  /** `changed`: Services whose state or place may differ from the last call. */
  follow(services: readonly Service[], changed: readonly Service[]): void {
    const isConcerned = (service: Service) => service.network !== undefined || this.#connected.includes(service);
    // The first time always: an earlier run may have left a resolver file.
    const isStale = this.#isFirst || !this.#connected.every((service) => service.network);
    if (!isStale && !changed.some(isConcerned)) return;
    this.#isFirst = false;
    const connected = services.filter((service) => service.network !== undefined && isConnected(service.state));
    this.#connected = connected;
    const links = connected.map((service) => service.network?.layer3Link ?? 0);
    if (links.length !== this.#rankedLinks.length || links.some((link, at) => link !== this.#rankedLinks[at])) {
      this.#rankedLinks = links;
      this.ports.setRanks(links);
    }
    this.#tellNames();
  }

  /** Puts these before all networks' name servers while the default Service is online; empty: none. */
  replaceNameServers(addresses: readonly string[]): void {
    this.#proxyAddresses = addresses;
    this.#tellNames();
  }
  /** Name servers and search domains of the active Location, which take the place of the Services'. */
  setLocationNames(names: NameService): void {
    this.#location = names;
    // The first choice comes with the first connection: until then there is nothing to say.
    if (!this.#isFirst) this.#tellNames();
  }
  #tellNames(): void {
    const services = this.#connected.flatMap(serviceLayers);
    this.ports.setNames(planNames([...this.#proxyLayers(), ...this.#locationLayers(), ...services]));
  }
  /** Without a network there is no server to ask, in any Location. */
  #locationLayers(): readonly NameLayer[] {
    return this.#connected.length === 0 ? [] : [{ because: "the active Location names them", ...this.#location }];
  }
  #proxyLayers(): readonly NameLayer[] {
    // Before that a portal may be in the way, which only the network's own servers know of.
    if (this.#proxyAddresses.length === 0 || this.#connected[0]?.state !== "online") return [];
    const because = "a DNS proxy stands before the networks' own";
    return [{ because, nameServers: this.#proxyAddresses }];
  }

  /** Writes each connected link's state to the log, best first. Rejects with the kernel's error. */
  async report(devices: readonly Device[]): Promise<void> {
    for (const [rank, link] of this.#rankedLinks.entries()) {
      const neighbours = await this.ports.rtnl.neighbours(link);
      const device = devices.find((candidate) => candidate.link.index === link);
      if (device) this.ports.log.info(`connectivity: ${describeLink(device, neighbours, rank)}`);
    }
  }

  releaseUnused(devices: readonly Device[]): void {
    const inUse = devices.filter((device) => device.selectedService !== undefined);
    this.ports.releaseUnclaimed(new Set(inUse.map((device) => device.link.index)));
  }
}

/** `rank`: the link's place among the connected, 0 the first. */
function describeLink(device: Device, neighbours: readonly Neighbour[], rank: number): string {
  const settings = device.network?.effective;
  const own = settings?.ipv4 ?? settings?.ipv6;
  const gateway = own?.gateway;
  const entry = neighbours.find(({ address }) => address === gateway);
  return [
    `${device.name}: ${device.selectedService?.state ?? "idle"}, rank ${rank}`,
    `address ${own ? `${own.address}/${own.prefixLength}` : "none"}`,
    `gateway ${gateway ?? "none"}${gateway === undefined ? "" : ` (${entry?.mac ?? "no answer known"})`}`,
    `name servers ${settings?.nameServers.join(" ") || "none"}`,
  ].join("; ");
}

/** None while the Service has no link; a network without name servers has no say. */
function serviceLayers({ network }: Service): readonly NameLayer[] {
  const { link, layer3Link, effective } = network ?? {};
  if (!link || !effective || layer3Link === undefined) return [];
  const { nameServers, searchDomains } = effective;
  const because = `${link.name} is the best that has any`;
  return [{ because, link: layer3Link, nameServers, searchDomains }];
}
