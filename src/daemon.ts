import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Machine } from "./assembly/machine.ts";
import type { MachinePorts } from "./assembly/ports.ts";
import type { Cancel } from "./base/clock.ts";
import { DaemonError, describeError } from "./base/errors.ts";
import { type Log, LogControl } from "./base/log.ts";
import { Quiet } from "./base/quiet.ts";
import type { ConnectionState } from "./bus/bus.ts";
import { BusClient } from "./bus/bus-client.ts";
import { ObjectDispatcher } from "./bus/objects/dispatcher.ts";
import { callForDescriptor } from "./bus/session/descriptor-call.ts";
import { configurationFile, importedConfiguration } from "./config/configuration-files.ts";
import type { DaemonConfig } from "./config/daemon-config.ts";
import { dumpOf } from "./daemon-dump.ts";
import { DaemonFolders } from "./daemon-folders.ts";
import { AccessControl } from "./dbus/access.ts";
import { Exporter } from "./dbus/exporter.ts";
import { LinkSelection } from "./device-info/link-names.ts";
import { FolderProcesses, rootModifierFolders } from "./helper/folder-processes.ts";
import { helperSocket } from "./helper/helper-messages.ts";
import { HelperProcesses } from "./helper/helper-processes.ts";
import { DebugControl } from "./manager/debug-control.ts";
import { ModemManager } from "./modem/modem-manager.ts";
import { nativeAddon } from "./native/native.ts";
import { isMacOfHost } from "./network/address-conflicts.ts";
import { type Dhcp4Handler, dhcp4Handler } from "./network/protocols/dhcp4/handler.ts";
import { KernelUdp } from "./network/protocols/dhcp4/kernel-udp.ts";
import { FixedAddressGuards } from "./network/protocols/fixed-address-guards.ts";
import { pppdOf, pppoeHandler } from "./network/protocols/ppp/handler.ts";
import { ProtocolRegistry } from "./network/protocols/registry.ts";
import { ScriptProtocols } from "./network/protocols/script/script-protocols.ts";
import { type SlaacHandler, slaacHandler } from "./network/protocols/slaac/handler.ts";
import { KernelPackets } from "./packet/kernel-packets.ts";
import { KernelSolicitor } from "./packet/router-solicitor.ts";
import { PolkitAuthority } from "./polkit/authority.ts";
import { ProfileStack } from "./profiles/profile-stack.ts";
import { sqliteStorage } from "./profiles/sqlite-storage.ts";
import { rehearseAddress } from "./rehearsal/address.ts";
import { Preparation } from "./rehearsal/preparation.ts";
import { NameResolution } from "./resolver/name-resolution.ts";
import { Resolved } from "./resolver/resolved.ts";
import { ResolverFile } from "./resolver/resolver-file.ts";
import { KernelRtnl } from "./rtnl/kernel.ts";
import { KernelWakeOnLan } from "./rtnl/kernel-wake-on-lan.ts";
import { KernelWireguard } from "./rtnl/kernel-wireguard.ts";
import { probeHosts } from "./services/validation/validation-plan.ts";
import { LogindSleep } from "./sleep/logind.ts";
import { ChosenSupplicant } from "./supplicant/chosen-supplicant.ts";
import { NmLinks } from "./supplicant/node-wifi/nm-links.ts";
import { NodeWifiChild } from "./supplicant/node-wifi/node-wifi-child.ts";
import { NodeWifiSupplicant } from "./supplicant/node-wifi/node-wifi-supplicant.ts";
import type { Supplicant } from "./supplicant/supplicant.ts";
import { WpaSupplicant } from "./supplicant/wpa-supplicant.ts";
import { isInGroup, uidOfAccount } from "./system/accounts.ts";
import { BootClock } from "./system/boot-clock.ts";
import { ChildProcesses } from "./system/child-processes.ts";
import { removeFile, writeAtomically } from "./system/files.ts";
import { hostDomain, leadsToResolved, readBootId } from "./system/host-facts.ts";
import type { Http } from "./system/http.ts";
import type { NameLookup } from "./system/link-dns.ts";
import { DeferredLog, LogRing, StandardErrorLog } from "./system/log-sink.ts";
import { forbidCoreDumps, releaseMemory } from "./system/memory.ts";
import type { Processes } from "./system/processes.ts";
import { ServiceNotify } from "./system/service-notify.ts";
import { StorageHealth } from "./system/storage-health.ts";
import { Sysctl } from "./system/sysctl.ts";
import { readLinkFacts, readLinkSpeedMbps, readLinkTraffic } from "./system/sysfs.ts";
import { programFault, programsIn, readTrustedFile } from "./system/trusted-file.ts";
import { Udev } from "./system/udev.ts";
import { startWorker } from "./system/worker-process.ts";
import { technologyModules } from "./technologies/modules.ts";
import { version } from "./version.ts";

const busName = "org.chromium.flimflam";
/** Debian's group of users that may manage the network. */
const administratorGroup = "netdev";
/** Node's web client takes milliseconds to load: it comes with the first probe, when a network is in use already. */
const lazyHttp: Http = {
  get: async (order, abort) => new (await import("./system/link-http.ts")).LinkHttp().get(order, abort),
};
/** Node's resolver comes with the first name, for the same reason. */
const lazyNames: NameLookup = {
  addressesOf: async (host, link) => new (await import("./system/link-dns.ts")).DnsNameLookup().addressesOf(host, link),
};
/** By then the first clients have their answers. */
const afterStartMs = 30;
/** For all programs together at the daemon's end: systemd kills after ten seconds (TimeoutStopSec of the unit). */
const programsEndMs = 8_000;

/**
 * ip(8) and managers of containers make a link first, and rename, move or enslave it with their next call; kernels
 * before
 * 6.2 refuse that while it is up.
 */
const makerMs = 60;

/** All parts of the program, made from the configuration, started in order and stopped in the opposite one. */
export class Daemon {
  readonly #clock = new BootClock();
  readonly #quiet: Quiet;
  readonly #processes = new ChildProcesses(this.#clock);
  readonly #sink: StandardErrorLog;
  readonly #ring: LogRing;
  readonly #deferredLog: DeferredLog;
  readonly #logs: LogControl;
  readonly #log: Log;
  readonly #storage: StorageHealth;
  readonly #folders: DaemonFolders;
  readonly #debug: DebugControl;
  readonly #bus: BusClient;
  readonly #supplicant: Supplicant;
  readonly #modems: ModemManager;
  readonly #rtnl: KernelRtnl;
  readonly #wireguard: KernelWireguard;
  readonly #dhcp: Dhcp4Handler;
  readonly #slaac: SlaacHandler;
  readonly #solicitor = new KernelSolicitor();
  readonly #protocols = new ProtocolRegistry();
  /** As root: of itself, or of the helper. */
  readonly #rootProcesses: Processes;
  readonly #handlers: ScriptProtocols;
  readonly #guards: FixedAddressGuards;
  readonly #profiles: ProfileStack;
  readonly #names: NameResolution;
  readonly #machine: Machine;
  readonly #notify: ServiceNotify;
  readonly #sleep: LogindSleep;
  #isReady = false;
  #isStopped = false;

  constructor(private readonly config: DaemonConfig) {
    this.#sink = new StandardErrorLog();
    this.#ring = new LogRing(this.#sink);
    this.#deferredLog = new DeferredLog(this.#ring, this.#clock);
    this.#logs = new LogControl(this.#deferredLog);
    this.#logs.setLevel(config.logLevel);
    this.#logs.setScopes(config.logScopes);
    this.#log = this.#logs.scope("daemon");
    const clock = this.#clock;
    this.#storage = new StorageHealth({ clock, log: this.#logs.scope("profile") });
    this.#folders = new DaemonFolders(config, this.#storage, this.#logs.scope("route"));
    this.#debug = new DebugControl(this.#logs, this.#folders.debugOverride, this.#log);
    this.#quiet = new Quiet(clock, this.#log);
    this.#notify = new ServiceNotify({ clock });
    this.#bus = new BusClient({
      ...{ address: config.busAddress, clock, log: this.#logs.scope("dbus"), quiet: this.#quiet },
    });
    this.#supplicant = this.#makeSupplicant();
    this.#modems = new ModemManager({ bus: this.#bus, log: this.#logs.scope("modem") });
    this.#rtnl = new KernelRtnl({ clock, log: this.#logs.scope("rtnl") });
    this.#wireguard = new KernelWireguard(clock);
    const packets = new KernelPackets();
    const isOwnMac = (mac: string) => isMacOfHost(mac, this.#rtnl.snapshot);
    const bootId = readBootId();
    this.#dhcp = dhcp4Handler({
      packets,
      udp: new KernelUdp(),
      isOwnMac,
      ...(bootId !== undefined && { bootId }),
    });
    const sysctls = new Sysctl();
    this.#slaac = slaacHandler({
      ...this.#folders.originalSettings("slaac"),
      ...{ rtnl: this.#rtnl, log: this.#logs.scope("dhcp"), sysctls, solicitor: this.#solicitor },
      isIpv6Unwanted: () => sysctls.getForAllLinks("ipv6", "disable_ipv6") === 1,
      now: () => clock.now(),
    });
    this.#protocols.register(this.#dhcp);
    this.#protocols.register(this.#slaac);
    this.#rootProcesses = process.geteuid?.() === 0 ? this.#processes : new HelperProcesses(helperSocket, clock);
    this.#handlers = new ScriptProtocols({
      ...{ log: this.#logs.scope("manager"), processes: this.#rootProcesses, registry: this.#protocols },
      ...{ rtnl: this.#rtnl, folders: config.handlerFolders, programsIn },
    });
    this.#protocols.register(
      pppoeHandler({ program: pppdOf(config.handlerFolders), processes: this.#rootProcesses, rtnl: this.#rtnl }),
    );
    const guardLog = this.#logs.scope("dhcp");
    this.#guards = new FixedAddressGuards({ clock, log: guardLog, packets, isOwnMac, random: Math.random });
    const { stateDir, runDir } = config;
    this.#profiles = new ProfileStack({
      stateDir,
      runDir,
      storage: sqliteStorage,
      health: this.#storage,
      beforeOpening: () => this.#folders.takeLock(),
      uidOfAccount,
      // Beside src/ and dist/ alike.
      defaultText: () => readFileSync(new URL("../profiles/default.profile", import.meta.url), "utf8"),
      log: this.#logs.scope("profile"),
    });
    this.#names = this.#makeNames();
    this.#machine = new Machine(this.#ports());
    this.#sleep = this.#makeSleep();
  }

  /** Resolves when the bus name is ours and all that the kernel has is known. Rejects with one clear line. */
  async start(): Promise<void> {
    this.#guardMemory();
    await this.#bus.connect();
    const dispatcher = new ObjectDispatcher({ bus: this.#bus, log: this.#logs.scope("dbus") });
    const log = { debug: this.#debug, ring: this.#ring };
    const view = {
      manager: this.#machine.manager,
      log,
      version,
      storage: this.#storage,
      names: this.#names,
      dump: () => this.#dump(),
    };
    new Exporter(dispatcher, view, this.#access()).start();
    await this.#takeName();
    this.#bus.onConnection((state, detail) => this.#onBus(state, detail));
    this.#folders.take();
    this.#debug.restore();
    await this.#machine.start();
    this.#isReady = true;
    // When all that waits for us is done, and still long before a server answers.
    setImmediate(rehearseAddress).unref();
    this.#notify.ready();
    this.#sleep.start();
    this.#names.start();
    this.#clock.startTimer("after-start", afterStartMs, () => void this.#prepare());
    this.#log.info(`fairleadd ${version} is ready: ${this.#machine.manager.devices.length} devices`);
  }

  /** Not being able to is no reason not to start. */
  #guardMemory(): void {
    try {
      forbidCoreDumps();
    } catch (error) {
      this.#log.debug(() => `core dumps are as the kernel makes them: ${describeError(error)}`);
    }
  }
  #dump(): string {
    return dumpOf(this.#machine.manager, this.#machine.applier, version, {
      sleep: this.#sleep.state,
      names: this.#names.state,
      notStored: this.#storage.problems,
    });
  }
  #makeNames(): NameResolution {
    const log = this.#logs.scope("resolver");
    const file = new ResolverFile(join(this.config.runDir, "resolv.conf"), {
      write: (path, text) => void writeAtomically(path, text),
      remove: (path) => void removeFile(path),
    });
    const resolved = new Resolved({ bus: this.#bus, clock: this.#clock, log });
    const { resolver: choice } = this.config;
    return new NameResolution({ file, resolved, choice, log, health: this.#storage, leadsToResolved });
  }
  #makeSupplicant(): Supplicant {
    const { busAddress, wifiBackend } = this.config;
    const [bus, clock, log] = [this.#bus, this.#clock, this.#logs.scope("wifi")];
    const wpa = new WpaSupplicant({ bus, clock, log });
    if (wifiBackend === "wpa_supplicant") return wpa;
    // Beside src/ and dist/ alike.
    const module = fileURLToPath(new URL("../dist/fairlead-node-wifi.cjs", import.meta.url));
    const links = new NmLinks({ bus, log });
    const child = new NodeWifiChild({ clock, log, start: startWorker, module, busAddress });
    const nodeWifi = new NodeWifiSupplicant({ links, nodeWifi: child, log });
    return wifiBackend === "node-wifi" ? nodeWifi : new ChosenSupplicant({ wpa, nodeWifi, links, log });
  }
  #makeSleep(): LogindSleep {
    const clock = this.#clock;
    return new LogindSleep({
      bus: this.#bus,
      clock,
      log: this.#logs.scope("power"),
      sleeper: this.#machine.manager.power,
      callForDescriptor: (call) => callForDescriptor(call, { address: this.config.busAddress, clock }),
      closeDescriptor: (descriptor) => nativeAddon().closeFd(descriptor),
    });
  }
  #access(): AccessControl {
    return new AccessControl({
      ownUid: process.getuid?.() ?? 0,
      authority: new PolkitAuthority(this.#bus, this.#logs.scope("dbus")),
      isAdministrator: (credentials) => isInGroup(credentials, administratorGroup),
    });
  }

  /** Work that no client waits for. */
  async #prepare(): Promise<void> {
    const [clock, rtnl] = [this.#clock, this.#rtnl];
    const { carrierGraceMs } = this.config;
    await this.#sink.startWriting();
    await new Preparation({ clock, log: this.#log, rtnl, carrierGraceMs }).start();
  }

  /** Twice is harmless. Connections stay: links, addresses and routes are left as they are. */
  async stop(because: string): Promise<void> {
    if (this.#isStopped) return;
    this.#isStopped = true;
    // A daemon that could not start says why, in one line; the rest would only hide it.
    if (this.#isReady) this.#log.info(`stopping: ${because}`);
    this.#notify.stopping();
    this.#sleep.stop();
    this.#names.stop();
    this.#storage.close();
    const limit = new Promise<void>((resolve) => this.#clock.startTimer("end", programsEndMs, resolve));
    // First, while there is a network: a program that undoes its work may have to tell a server.
    await Promise.race([limit, this.#machine.manager.automation.stop()]);
    this.#machine.manager.stop();
    await this.#machine.manager.throttling.stop();
    await Promise.race([limit, this.#handlers.whenTornDown()]);
    await Promise.race([limit, Promise.all([this.#processes.stopAll(), this.#rootProcesses.stopAll()])]);
    const left = new Set([...this.#processes.list(), ...this.#rootProcesses.list()].map(({ name }) => name));
    if (left.size > 0) this.#log.warn(`not waited for any longer: ${[...left].join(", ")}`);
    this.#machine.applier.close();
    this.#dhcp.close();
    this.#slaac.close();
    this.#solicitor.close();
    this.#guards.close();
    this.#supplicant.close();
    this.#modems.close();
    this.#wireguard.close();
    this.#rtnl.close();
    await this.#bus.close();
    this.#folders.release();
    this.#notify.close();
    this.#clock.close();
    this.#deferredLog.flush();
    this.#sink.close();
  }

  /**
   * A fault of ours: the state is not to be trusted any more. The service manager starts us again; no connection is
   * dropped.
   */
  die(error: unknown): void {
    this.#log.error(`a fault in the daemon: ${describeError(error)}`, { error });
    this.#deferredLog.flush();
    this.#sink.close();
    process.exit(1);
  }

  async #takeName(): Promise<void> {
    if ((await this.#bus.requestName(busName)) === "owner") return;
    throw new DaemonError("AlreadyExists", `${busName} is taken: another connection manager runs on this bus`);
  }
  /** Connections go on without a bus; when it is back, clients are told the present state. */
  #onBus(state: ConnectionState, detail: string): void {
    if (state === "name-taken") this.die(new DaemonError("AlreadyExists", `${busName} was taken meanwhile: ${detail}`));
    this.#log.warn(`bus ${state}: ${detail}`);
    if (state === "restored") this.#machine.manager.announcer.retellAll();
  }
  #ports(): MachinePorts {
    const { config } = this;
    const udev = new Udev();
    return {
      clock: this.#clock,
      quiet: this.#quiet,
      logOf: (scope) => this.#logs.scope(scope),
      rtnl: this.#rtnl,
      profiles: this.#profiles,
      debug: this.#debug,
      links: new LinkSelection({ block: config.blockedLinks, allow: config.allowedLinks }),
      technologyOrder: config.technologyOrder,
      modules: technologyModules,
      technologyPorts: {
        supplicant: this.#supplicant,
        modems: this.#modems,
        wireguard: this.#wireguard,
        names: lazyNames,
        handlers: this.#handlers,
      },
      readFacts: readLinkFacts,
      whenSetUp: (link, done) => udev.whenDone(link, done) ?? this.#whenMade(done),
      readSpeedMbps: readLinkSpeedMbps,
      readTraffic: readLinkTraffic,
      wakeOnLan: new KernelWakeOnLan(this.#clock),
      probeHosts: probeHosts(config.portalHttpUrl, config.portalHttpsUrl),
      http: lazyHttp,
      random: Math.random,
      configuration:
        config.uciConfig === undefined ? importedConfiguration(config.stateDir) : configurationFile(config.uciConfig),
      sysctls: new Sysctl(),
      ...this.#folders.originalSettings("managed"),
      protocols: this.#protocols,
      guard: this.#guards.guard.bind(this.#guards),
      carrierGraceMs: config.carrierGraceMs,
      wantsRapidCommit: config.wantsRapidCommit,
      takesOver: config.foreignConfiguration === "take-over",
      automation: {
        processes: new FolderProcesses(rootModifierFolders, this.#rootProcesses, this.#processes),
        hostDomain,
        readTrustedFile,
        programFault,
      },
      setNames: (plan) => this.#names.update(plan),
      releaseMemory,
      linkReady: (link) => {
        this.#slaac.prepareLink(link);
        this.#dhcp.prepareLink(link);
      },
      linkLeft: (link) => this.#slaac.leaveLink(link),
      startUpOver: () => this.#slaac.leaveUnheldLinks(),
      linkGone: (link) => {
        this.#dhcp.forgetLink(link);
        this.#guards.forgetLink(link);
      },
    };
  }
  /**
   * Where no udev is seen, the maker of a link that has just appeared gets its time; links that were there are made.
   */
  #whenMade(done: () => void): Cancel | undefined {
    return this.#isReady ? this.#clock.startTimer("new link", makerMs, done) : undefined;
  }
}
