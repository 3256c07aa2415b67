import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Machine } from "../../src/assembly/machine.ts";
import { idlePorts, type MachinePorts } from "../../src/assembly/ports.ts";
import type { Cancel } from "../../src/base/clock.ts";
import { DaemonError } from "../../src/base/errors.ts";
import { LogControl, silentLog } from "../../src/base/log.ts";
import { Quiet } from "../../src/base/quiet.ts";
import { LinkSelection } from "../../src/device-info/link-names.ts";
import type { Device } from "../../src/devices/device.ts";
import { DebugControl } from "../../src/manager/debug-control.ts";
import type { Manager } from "../../src/manager/manager.ts";
import type { Applier } from "../../src/network/kernel/applier.ts";
import type { NetworkPorts } from "../../src/network/network-ports.ts";
import { pppoeHandler } from "../../src/network/protocols/ppp/handler.ts";
import { pppdProgram } from "../../src/network/protocols/ppp/pppd-options.ts";
import type { ProtocolRegistry } from "../../src/network/protocols/registry.ts";
import { ScriptProtocols } from "../../src/network/protocols/script/script-protocols.ts";
import { type SlaacHandler, slaacHandler } from "../../src/network/protocols/slaac/handler.ts";
import { MemoryStorage } from "../../src/profiles/memory-store.ts";
import { ProfileStack } from "../../src/profiles/profile-stack.ts";
import type { ProfileStorage } from "../../src/profiles/store.ts";
import type { TechnologyModule } from "../../src/providers/technology-module.ts";
import { type NamePlan, planNames } from "../../src/resolver/name-plan.ts";
import type { Service } from "../../src/services/service.ts";
import type { LinkTraffic } from "../../src/services/traffic-counters.ts";
import type { ProbeHosts } from "../../src/services/validation/validation-plan.ts";
import type { Supplicant } from "../../src/supplicant/supplicant.ts";
import type { FoundProgram } from "../../src/system/trusted-file.ts";
import { EthernetProvider } from "../../src/technologies/ethernet/ethernet-provider.ts";
import { ethernet } from "../../src/technologies/ethernet/module.ts";
import { interfaces } from "../../src/technologies/interface/module.ts";
import { stacked } from "../../src/technologies/stacked/module.ts";
import { FakeClock } from "./fake-clock.ts";
import { FakeDhcpHandler } from "./fake-dhcp-handler.ts";
import { FakeHttp } from "./fake-http.ts";
import { FakeKernel } from "./fake-kernel.ts";
import { FakeModemManager } from "./fake-modem-manager.ts";
import { FakeNames } from "./fake-names.ts";
import { FakeProcesses } from "./fake-processes.ts";
import { FakeSupplicant } from "./fake-supplicant.ts";
import { FakeWakeOnLan } from "./fake-wake-on-lan.ts";
import { FakeWireguard } from "./fake-wireguard.ts";
import { protocolsOf } from "./protocols.ts";

export const cables: TechnologyModule = { ...ethernet, makeProviders: (host) => [new EthernetProvider(host)] };

export interface FakeMachineOptions {
  /** Where all cards are plugged in. Default: unknown. */
  readonly busType?: "pci" | "usb";
  readonly kernel?: FakeKernel;
  readonly storage?: ProfileStorage;
  readonly supplicant?: Supplicant;
  readonly modems?: FakeModemManager;
  readonly wireguard?: FakeWireguard;
  readonly clock?: FakeClock;
  readonly dhcp?: FakeDhcpHandler;
  /** DEVTYPE of all cards. Default: none, as that of cables. */
  readonly devtype?: "wlan";
  /** Cards that have none all the same. */
  readonly cables?: readonly string[];
  readonly block?: readonly string[];
  readonly allow?: readonly string[];
  readonly runDir?: string;
  /** Default: addresses and routes go with the carrier. */
  readonly carrierGraceMs?: number;
  /** Conflict detection for fixed addresses. Default: none. */
  readonly guard?: NetworkPorts["guard"];
  /** Hosts that validation asks. Default: none, and a Service stays ready. */
  readonly probeHosts?: ProbeHosts;
  /** The network configuration, in UCI. Default: none. */
  readonly uci?: string;
  /** Default: cables, without their 802.1X. */
  readonly modules?: readonly TechnologyModule[];
  /** Default: there is no udev. */
  whenSetUp?(linkIndex: number, done: () => void): Cancel | undefined;
}

/** A whole daemon without its bus, on a kernel, a clock, a store and DHCP servers in memory. */
export class FakeMachine {
  readonly kernel: FakeKernel;
  readonly clock: FakeClock;
  readonly dhcp: FakeDhcpHandler;
  readonly storage: ProfileStorage;
  readonly wakeOnLan: FakeWakeOnLan;
  readonly modems: FakeModemManager;
  readonly http: FakeHttp;
  readonly supplicant: Supplicant;
  readonly wireguard: FakeWireguard;
  readonly lookup = new FakeNames();
  readonly applier: Applier;
  readonly profiles: ProfileStack;
  readonly manager: Manager;
  /** File of PersistDebugConfig. */
  readonly logOverride = {
    text: undefined as string | undefined,
    read(): string | undefined {
      return this.text;
    },
    write(text: string): void {
      this.text = text;
    },
    remove(): void {
      this.text = undefined;
    },
  };
  /** The network configuration, in UCI. */
  readonly configuration = {
    name: "network",
    text: undefined as string | undefined,
    read(): string | undefined {
      return this.text;
    },
    write(text: string): void {
      this.text = text;
    },
  };
  readonly processes: FakeProcesses;
  /** Installed in {@link processes}. */
  readonly handlerPrograms: FoundProgram[] = [];
  readonly handlers: ScriptProtocols;
  readonly #registry: ProtocolRegistry;
  hostDomain: string | undefined;
  /** Files of root's, by path. */
  readonly trustedFiles = new Map<string, string>();
  /** Programs that are not to be run, with the reason. */
  readonly untrustedPrograms = new Map<string, string>();
  /** The last plan told to resolvers. */
  names: NamePlan = planNames([]);
  /** Those in the resolver file. */
  get nameServers(): readonly string[] {
    return this.names.nameServers;
  }
  get searchDomains(): readonly string[] {
    return this.names.searchDomains;
  }
  /** Every announced change as `path name=value`, oldest first. */
  readonly announced: string[] = [];
  /** Links for which something is kept. */
  readonly preparedLinks = new Set<number>();
  /** How often memory was given back after a burst. */
  memoryReleases = 0;
  /** The kernel's counters, by link. */
  readonly traffic = new Map<string, LinkTraffic>();
  readonly #machine: Machine;
  readonly #folder = mkdtempSync(join(tmpdir(), "fairlead-"));

  constructor(options: FakeMachineOptions = {}) {
    this.kernel = options.kernel ?? new FakeKernel();
    this.wakeOnLan = new FakeWakeOnLan(this.kernel);
    this.clock = options.clock ?? new FakeClock();
    this.http = new FakeHttp(this.clock);
    this.processes = new FakeProcesses(this.clock);
    this.dhcp = options.dhcp ?? new FakeDhcpHandler();
    this.configuration.text = options.uci;
    this.storage = options.storage ?? new MemoryStorage();
    this.supplicant = options.supplicant ?? new FakeSupplicant();
    this.modems = options.modems ?? new FakeModemManager();
    this.wireguard = options.wireguard ?? new FakeWireguard(this.kernel);
    const folders = { stateDir: "/state", runDir: options.runDir ?? this.#folder };
    this.profiles = new ProfileStack({ ...folders, storage: this.storage, log: silentLog });
    this.#registry = protocolsOf({
      ...{ dhcp4: this.dhcp, slaac: this.#slaac() },
      pppoe: pppoeHandler({ program: pppdProgram, processes: this.processes, rtnl: this.kernel }),
    });
    this.handlers = new ScriptProtocols({
      ...{ log: silentLog, processes: this.processes, registry: this.#registry, folders: ["/handlers"] },
      rtnl: this.kernel,
      programsIn: () => this.handlerPrograms,
    });
    this.#machine = new Machine(this.#ports(options));
    this.applier = this.#machine.applier;
    this.manager = this.#machine.manager;
    this.manager.feed.observers.add(this.#observer());
  }

  async start(): Promise<this> {
    await this.#machine.start();
    this.handlers.reread();
    await this.settle();
    return this;
  }
  async settle(): Promise<void> {
    await this.clock.settle();
  }
  /** Ends as the daemon does: the kernel's state stays. */
  stop(): void {
    this.manager.stop();
    this.applier.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  device(name: string): Device {
    const device = this.manager.devices.find((candidate) => candidate.name === name);
    if (!device) throw new Error(`there is no Device ${name}`);
    return device;
  }
  service(linkName: string): Service {
    const service = this.manager.services.all.find((candidate) => candidate.device?.linkName === linkName);
    if (!service) throw new Error(`there is no Service on ${linkName}`);
    return service;
  }
  /** `name state` of all Services, best first. */
  get order(): readonly string[] {
    return this.manager.services.all.map((service) => `${service.device?.linkName ?? "-"} ${service.state}`);
  }
  /** Changes of one property, in order. */
  changes(name: string): readonly string[] {
    return this.announced.filter((line) => line.split(" ")[1]?.startsWith(`${name}=`));
  }

  #slaac(): SlaacHandler {
    const { kernel, clock } = this;
    return slaacHandler({
      ...{ rtnl: kernel, log: silentLog, solicitor: { solicit: () => true } },
      sysctls: { getForLink: () => undefined, setForLink: () => true },
      isIpv6Unwanted: () => false,
      now: () => clock.now(),
    });
  }
  #ports(options: FakeMachineOptions): MachinePorts {
    const { block = [], allow, modules = [cables, interfaces, stacked], busType, guard, carrierGraceMs = 0 } = options;
    const idle = idlePorts();
    return {
      ...idle,
      ...{
        clock: this.clock,
        quiet: new Quiet(this.clock, silentLog),
        rtnl: this.kernel,
        profiles: this.profiles,
        protocols: this.#registry,
        modules,
        carrierGraceMs,
      },
      ...(guard && { guard }),
      debug: new DebugControl(new LogControl({ write() {} }), this.logOverride, silentLog),
      links: new LinkSelection({ block, allow }),
      whenSetUp: (link, done) => options.whenSetUp?.(link, done),
      technologyPorts: {
        supplicant: this.supplicant,
        modems: this.modems,
        wireguard: this.wireguard,
        names: this.lookup,
        handlers: this.handlers,
      },
      readFacts: (name) => {
        // Links of PPP are made up.
        if (/^ppp\d/.test(name)) return { ...idle.readFacts(""), hasDevice: false };
        const devtype = options.cables?.includes(name) ? undefined : options.devtype;
        return { ...idle.readFacts(""), driver: "e1000", devtype, busType };
      },
      wakeOnLan: this.wakeOnLan,
      configuration: this.configuration,
      readSpeedMbps: () => 1000,
      readTraffic: (name) => this.traffic.get(name),
      probeHosts: options.probeHosts ?? idle.probeHosts,
      http: this.http,
      automation: {
        processes: this.processes,
        hostDomain: () => this.hostDomain,
        readTrustedFile: (path) => {
          const text = this.trustedFiles.get(path);
          if (text === undefined) throw new DaemonError("Failure", `${path} belongs to user 1000, not to root`);
          return text;
        },
        programFault: (path) => this.untrustedPrograms.get(path),
      },
      setNames: (plan) => {
        this.names = plan;
      },
      releaseMemory: () => {
        this.memoryReleases++;
      },
      linkReady: (link) => void this.preparedLinks.add(link),
      linkGone: (link) => void this.preparedLinks.delete(link),
    };
  }
  #observer() {
    const listen = (of: Pick<Device | Service | Manager["settings"], "properties">, path: string) =>
      of.properties.listen((name, _signature, value) => this.announced.push(`${path} ${name}=${String(value)}`));
    listen(this.manager.settings, "/");
    return {
      serviceAdded: (service: Service) => listen(service, service.path),
      serviceRemoved: () => {},
      deviceAdded: (device: Device) => listen(device, device.path),
      deviceRemoved: () => {},
      ipConfigsChanged: () => {},
      profilesChanged: () => {},
      happened: () => {},
    };
  }
}
