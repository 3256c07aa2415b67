import type { Cancel } from "../../base/clock.ts";
import type { Profile } from "../../profiles/profile.ts";
import type { Provider, ProviderHost } from "../../providers/provider.ts";
import type { TechnologyPorts } from "../../providers/technology-module.ts";
import type { Link } from "../../rtnl/rtnl.ts";
import type { Configuration } from "../../services/configuration.ts";
import { isActive } from "../../services/connect-states.ts";
import type { Service } from "../../services/service.ts";
import type { NameLookupLink } from "../../system/link-dns.ts";
import { markOf, removeTunnelLink, tunnelMark } from "./tunnel-link.ts";
import { identityOf, isVpnEntry, type VpnIdentity, vpnEntry } from "./vpn-identity.ts";
import { type VpnRoom, VpnService } from "./vpn-service.ts";
import type { TunnelPorts } from "./wireguard-tunnel.ts";

/** Configured tunnels; one at a time is connected. */
export class VpnProvider implements Provider, VpnRoom {
  readonly technology = "vpn";
  readonly ports: TunnelPorts;
  readonly #services = new Map<string, VpnService>();
  #underlay: NameLookupLink | undefined;
  #underlayId = "";
  #stopListening: Cancel | undefined;

  constructor(
    private readonly host: ProviderHost,
    { wireguard, names }: TechnologyPorts,
  ) {
    this.ports = { clock: host.clock, rtnl: host.rtnl, wireguard, names };
  }

  start(): void {
    for (const profile of this.host.profiles.profiles) this.profilePushed(profile);
    // Told of all links that are there as soon as the kernel is asked.
    this.#stopListening = this.host.rtnl.onDelta((delta) => {
      if (delta.kind === "link-added" && delta.reason !== "own-request") this.#find(delta.link);
      if (delta.kind !== "link-removed") return;
      for (const service of this.#services.values()) service.linkRemoved(delta.link);
    });
  }
  stop(): void {
    this.#stopListening?.();
    for (const service of this.#services.values()) service.leave();
  }
  deviceEnabled(): void {}
  deviceDisabled(): void {}
  servicesOn(): readonly Service[] {
    return [];
  }

  get underlay(): NameLookupLink | undefined {
    return this.#underlay;
  }
  activeBeside(service: VpnService): VpnService | undefined {
    const isInTheWay = (other: VpnService) => other !== service && isActive(other.state);
    return [...this.#services.values()].find(isInTheWay);
  }

  sorted(): void {
    const { underlay } = this.host;
    const { ipv4, ipv6, nameServers = [] } = underlay?.network?.effective ?? {};
    const addresses = [ipv6, ipv4].flatMap((own) => own?.address ?? []);
    const id = underlay ? JSON.stringify([underlay.serial, underlay.network?.sessionId, addresses, nameServers]) : "";
    if (id === this.#underlayId) return;
    this.#underlayId = id;
    this.#underlay = underlay && { addresses, nameServers };
    for (const service of this.#services.values()) service.underlayChanged();
  }

  /** A link that an earlier run has left: its tunnel goes on, or there is no such tunnel any more and the link goes. */
  #find(link: Link): void {
    const mark = markOf(link);
    if (mark === undefined) return;
    const service = [...this.#services.values()].find(({ storageId }) => tunnelMark(storageId) === mark);
    if (service?.isConnectable && service.state === "idle") service.adopt(link);
    else void removeTunnelLink(this.host.rtnl, link.index).catch(() => {});
  }

  findSimilar(configuration: Configuration): VpnService | undefined {
    return this.#services.get(vpnEntry(identityOf(configuration)));
  }
  getService(configuration: Configuration): VpnService {
    const identity = identityOf(configuration);
    const known = this.#services.get(vpnEntry(identity));
    if (known) return known;
    const service = this.#make(identity);
    this.#register(service);
    if (service.privateKey === "") service.makeKey();
    return service;
  }
  makeTemporary(configuration: Configuration): VpnService {
    return this.#make(identityOf(configuration));
  }
  serviceForEntry(entry: string): VpnService | undefined {
    return isVpnEntry(entry) ? this.#makeFor(entry) : undefined;
  }
  profilePushed({ store }: Profile): void {
    for (const entry of store.entries()) {
      if (isVpnEntry(entry) && !this.#services.has(entry)) this.#register(this.#makeFor(entry));
    }
  }
  dropsUnloaded(service: Service): boolean {
    return this.#services.delete(service.storageId);
  }

  #make(identity: VpnIdentity): VpnService {
    const service = this.#makeFor(vpnEntry(identity));
    service.kind = identity.kind;
    service.providerHost = identity.host;
    service.name = identity.name;
    return service;
  }
  #makeFor(entry: string): VpnService {
    return new VpnService(this.host, this, this.host.nextServiceSerial(), entry);
  }
  #register(service: VpnService): void {
    this.#services.set(service.storageId, service);
    this.host.registerService(service);
  }
}
