import type { Clock } from "./base/clock.ts";
import { LogControl, silentLog } from "./base/log.ts";
import { defaultTechnologyOrder } from "./base/technology.ts";
import { ObjectDispatcher } from "./bus/dispatcher.ts";
import { noSupplicant, StageBus, StageClock, StageKernel, stageDhcp } from "./daemon-stage.ts";
import { Exporter } from "./dbus/exporter.ts";
import { LinkSelection } from "./device-info/link-names.ts";
import { DebugControl } from "./manager/debug-control.ts";
import { Manager } from "./manager/manager.ts";
import type { ManagerPorts } from "./manager/manager-ports.ts";
import { managerShape } from "./manager/manager-properties.ts";
import { DeviceLeases, networkOptions } from "./manager/network-options.ts";
import { heldAddresses } from "./network/held-addresses.ts";
import { Applier } from "./network/kernel/applier.ts";
import { Network } from "./network/network.ts";
import { resolverText } from "./network/resolver-file.ts";
import { MemoryStorage } from "./profiles/memory-store.ts";
import { ProfileStack } from "./profiles/profile-stack.ts";
import type { Link } from "./rtnl/rtnl.ts";
import { probeHosts } from "./services/validation/probe-hosts.ts";
import { technologyModules } from "./technologies/modules.ts";

/** Often enough for the interpreter to have seen every shape; more gains nothing. */
const rounds = 24;

const unplugged: Link = {
  index: 1,
  name: "eth0",
  isUp: false,
  hasCarrier: false,
  isLoopback: false,
  flags: 0,
  hardwareType: 1,
  mac: "02:00:00:00:00:01",
  mtu: 1500,
  txQueueLength: 1000,
  operState: 2,
  kind: "veth",
  isLowerLinkForeign: false,
  alternativeNames: [],
};

/**
 * Plays a cable that goes in and out, on a stage in memory, with the daemon's own parts. The first real cable then finds
 * every function compiled: on a cold start that is half of the time from carrier to address. Nothing is written, sent or
 * asked outside. Takes some ten milliseconds; for an idle moment after the start.
 */
export async function rehearseCable(realClock: Clock): Promise<void> {
  const clock = new StageClock(realClock);
  const kernel = new StageKernel();
  const sysctls = { getForLink: () => undefined, setForLink: () => true };
  const applier = new Applier({ rtnl: kernel, clock, log: silentLog, sysctls });
  // No such folders: the list of loaded Profiles is not to be written.
  const folders = { stateDir: "/dev/null/state", runDir: "/dev/null/run" };
  const profiles = new ProfileStack({ ...folders, storage: new MemoryStorage(), log: silentLog });
  const manager: Manager = new Manager(ports(clock, kernel, applier, profiles), managerShape);
  const dispatcher = new ObjectDispatcher({ bus: new StageBus(), log: silentLog });
  const access = { require: async () => {} };
  const storage = { problems: [], onChange: () => {} };
  const log = { debug: manager.debug, ring: { newest: () => [] } };
  new Exporter(dispatcher, { manager, version: "", log, storage, dump: () => "" }, access).start();
  await manager.start();
  kernel.putLink(unplugged);
  await turn();
  for (let round = 0; round < rounds; round++) {
    for (const hasCarrier of [true, false]) {
      kernel.putLink({ ...unplugged, isUp: true, hasCarrier, operState: hasCarrier ? 6 : 2 });
      await turn();
    }
  }
  manager.stop();
  applier.close();
}

/** Real work comes first. */
const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

const silence = { write() {} };
const noFile = { read: () => undefined, write() {}, remove() {} };

function ports(clock: Clock, kernel: StageKernel, applier: Applier, profiles: ProfileStack): ManagerPorts {
  const leases = new DeviceLeases(profiles, clock);
  // Formats what the daemon would say, too.
  const log = new LogControl({ write: () => {} }).scope("rehearsal");
  return {
    clock,
    log,
    rtnl: kernel,
    profiles,
    debug: new DebugControl(new LogControl(silence), noFile, silentLog),
    links: new LinkSelection({ block: [], allow: undefined }),
    technologyOrder: defaultTechnologyOrder,
    modules: technologyModules,
    technologyPorts: { supplicant: noSupplicant },
    readFacts: () => ({ hasUeventFile: true, hasDevice: false, lowerLinks: [], hasSiblingTty: false }),
    wakeOnLan: { setMagicPacket: async () => {} },
    configuration: { name: "", ...noFile },
    readSpeedMbps: () => undefined,
    readTraffic: () => undefined,
    probeHosts: probeHosts("", ""),
    http: { get: async () => ({ kind: "aborted" }) },
    random: () => 0,
    makeNetwork: (device) => new Network({ clock, log, applier, dhcp: stageDhcp }, device),
    networkOptions: (device, service) =>
      networkOptions(device, service, {
        leases,
        dhcpHostname: "",
        isRfc8925Enabled: false,
        wantsRapidCommit: true,
        held: (link) => heldAddresses(applier.inheritedAddresses(link), 0),
      }),
    releaseMemory: () => {},
    prepareLink: (device) => leases.of(device).load(),
    leaveLink: () => {},
    forgetLink: () => {},
    leftAloneBecause: () => undefined,
    setRanks: (links) => applier.setRanks(links),
    setResolver: (nameServers, searchDomains) => resolverText({ nameServers, searchDomains }),
    releaseUnclaimed: (links) => applier.releaseUnclaimed(links),
  };
}
