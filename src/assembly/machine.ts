import { leftAloneBecause } from "../device-info/left-alone.ts";
import type { Device } from "../devices/device.ts";
import { Manager } from "../manager/manager.ts";
import type { ManagerPorts } from "../manager/manager-ports.ts";
import { managerShape } from "../manager/manager-properties.ts";
import { Applier } from "../network/kernel/applier.ts";
import { Network } from "../network/network.ts";
import type { NetworkObserver, NetworkPorts } from "../network/network-ports.ts";
import { heldAddresses } from "../network/protocols/dhcp4/lease-age.ts";
import { watchDuplicates } from "../network/protocols/kernel-duplicates.ts";
import { Standbys } from "../network/standbys.ts";
import { DeviceLeases } from "../profiles/lease-keeper.ts";
import type { Layer3Ports } from "../services/layer3-plan.ts";
import type { MachinePorts } from "./ports.ts";

/**
 * The parts that decide, put together on any ports: the real ones in the daemon, those of a stage in the rehearsal,
 * fakes in tests. Parts that only the daemon has (bus, polkit, logind, log) stand in daemon.ts.
 */
export class Machine {
  readonly applier: Applier;
  readonly manager: Manager;
  readonly #standbys: Standbys;
  readonly #leases: DeviceLeases;
  /** The kernel told of addresses that an earlier run left not before this. */
  #startedAtMs = 0;
  /** Links that had no carrier when their next layer 3 was planned. */
  readonly #withoutCarrier = new Set<number>();

  constructor(private readonly ports: MachinePorts) {
    const { clock, quiet, rtnl, sysctls, originalSettings } = ports;
    const applierPorts = { rtnl, clock, log: ports.logOf("route"), sysctls };
    // Before the Manager, as listeners are told in the order they came: the Applier has to know that a link which comes
    // up has lost its routes before a Network wishes them again.
    this.applier = new Applier({ ...applierPorts, ...(originalSettings && { originalSettings }) });
    this.#leases = new DeviceLeases(ports.profiles, clock);
    this.#standbys = new Standbys({ clock, quiet, rtnl, log: ports.logOf("dhcp"), protocols: ports.protocols });
    this.manager = new Manager(this.#managerPorts(), managerShape);
  }

  async start(): Promise<void> {
    this.#startedAtMs = this.ports.clock.now();
    await this.manager.start();
  }

  #managerPorts(): ManagerPorts {
    const { ports, applier } = this;
    const { quiet } = ports;
    return {
      ...ports,
      log: ports.logOf("manager"),
      makeNetwork: (observer) => this.#makeNetwork(observer),
      standbys: this.#standbys,
      layer3: this.#layer3(),
      prepareLink: (device) => this.#prepareLink(device),
      leaveLink: (link) => {
        this.#standbys.cancel(link);
        applier.unmanage(link);
        ports.linkLeft(link);
      },
      forgetLink: (link) => {
        this.#withoutCarrier.delete(link);
        this.#standbys.cancel(link);
        applier.unmanage(link);
        ports.linkLeft(link);
        ports.linkGone(link);
      },
      leftAloneBecause: (link) =>
        leftAloneBecause(link, {
          snapshot: ports.rtnl.snapshot,
          readFacts: (name) => ports.readFacts(name),
          isAllowed: (name) => ports.links.isAllowed(name),
          takesOver: ports.takesOver,
        }),
      setNames: (plan) => quiet.afterwards(() => ports.setNames(plan)),
      setRanks: (links) => applier.setRanks(links),
      releaseUnclaimed: (links) => {
        applier.releaseUnclaimed(links);
        ports.startUpOver();
      },
    };
  }
  #makeNetwork(observer: NetworkObserver): Network {
    const { clock, rtnl, protocols, quiet, guard, carrierGraceMs, logOf } = this.ports;
    const ports: NetworkPorts = {
      ...{ clock, log: logOf("dhcp"), applier: this.applier, protocols, quiet, carrierGraceMs },
      ...(guard && { guard }),
      watchDuplicates: (link, addresses, of) => watchDuplicates(rtnl, link, addresses, of),
    };
    return new Network(ports, observer);
  }
  #layer3(): Layer3Ports {
    const { clock, wantsRapidCommit } = this.ports;
    return {
      wantsRapidCommit,
      leasesOf: (device, network) => this.#leases.of(device, network),
      storeLeases: (network) => this.#leases.store(network),
      heldOn: (link) =>
        this.#isInUse(link)
          ? heldAddresses(this.applier.inheritedAddresses(link), clock.now() - this.#startedAtMs)
          : [],
    };
  }
  /** The next carrier may be that of another network: the addresses of before it count no more, even if still there. */
  #isInUse(link: number): boolean {
    if (!this.ports.rtnl.snapshot.links.get(link)?.hasCarrier) this.#withoutCarrier.add(link);
    return !this.#withoutCarrier.has(link);
  }
  #prepareLink(device: Device): void {
    const { index } = device.link;
    this.#leases.of(device).load();
    this.applier.manage(index);
    this.ports.linkReady(index);
  }
}
