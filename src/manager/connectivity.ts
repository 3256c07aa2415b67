import type { Device } from "../devices/device.ts";
import type { NameService } from "../policy/automation-host.ts";
import { isConnected } from "../services/connect-states.ts";
import type { Service } from "../services/service.ts";

/** What decides where packets and questions for names go. */
export interface ConnectivityPorts {
  /** Links of the connected Services, best first. */
  setRanks(links: readonly number[]): void;
  /** Name servers of the first Service that has some; empty lists: nobody has. */
  setResolver(nameServers: readonly string[], searchDomains: readonly string[]): void;
  /** Takes away what an earlier run left on links that are not in use now. */
  releaseUnclaimed(linksInUse: ReadonlySet<number>): void;
}

/** Carries the order of Services over to routes and the resolver file. */
export class Connectivity {
  #rankedLinks: readonly number[] = [];
  #isFirst = true;
  #connected: readonly Service[] = [];
  #dnsOwner: Service | undefined;
  #proxyAddresses: readonly string[] = [];
  #location: NameService = {};
  constructor(private readonly ports: ConnectivityPorts) {}

  /** Whose name servers are in the resolver file. */
  get dnsOwner(): Service | undefined {
    return this.#dnsOwner;
  }
  /** Links of the connected Services, best first. */
  get rankedLinks(): readonly number[] {
    return this.#rankedLinks;
  }

  /** `changed`: those whose state or place may be another than before. */
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
    this.#dnsOwner = connected.find((service) => (service.network?.effective?.nameServers.length ?? 0) > 0);
    this.#tellResolver();
  }

  /** Takes the place of all networks' name servers while the default Service is online; empty: nothing does. */
  replaceNameServers(addresses: readonly string[]): void {
    this.#proxyAddresses = addresses;
    this.#tellResolver();
  }
  /** What the active Location says in place of the Services. */
  setLocationNames(names: NameService): void {
    this.#location = names;
    // The first choice comes with the first connection: until then there is nothing to say.
    if (!this.#isFirst) this.#tellResolver();
  }
  #tellResolver(): void {
    const settings = this.#dnsOwner?.network?.effective;
    // Before that a portal may be in the way, which only the network's own servers know of.
    const isReplaced = this.#proxyAddresses.length > 0 && this.#connected[0]?.state === "online";
    const { nameServers = settings?.nameServers ?? [], searchDomains = settings?.searchDomains ?? [] } = this.#location;
    this.ports.setResolver(isReplaced ? this.#proxyAddresses : nameServers, searchDomains);
  }

  releaseUnused(devices: readonly Device[]): void {
    const inUse = devices.filter((device) => device.selectedService !== undefined);
    this.ports.releaseUnclaimed(new Set(inUse.map((device) => device.link.index)));
  }
}
