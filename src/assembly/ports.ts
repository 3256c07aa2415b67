import { DaemonError } from "../base/errors.ts";
import { type Log, LogControl, silentLog } from "../base/log.ts";
import type { Quiet } from "../base/quiet.ts";
import { defaultTechnologyOrder } from "../base/technology.ts";
import { LinkSelection } from "../device-info/link-names.ts";
import { DebugControl } from "../manager/debug-control.ts";
import type { ManagerPorts } from "../manager/manager-ports.ts";
import type { Modems } from "../modem/modem.ts";
import type { LinkSysctlPort, OriginalSettings } from "../network/kernel/link-sysctls.ts";
import type { NetworkPorts } from "../network/network-ports.ts";
import type { HandlerCatalogue } from "../network/protocols/script/script-protocols.ts";
import type { AutomationPorts } from "../policy/automation-host.ts";
import type { Wireguard } from "../rtnl/wireguard.ts";
import { probeHosts } from "../services/validation/validation-plan.ts";
import type { Supplicant } from "../supplicant/supplicant.ts";
import { technologyModules } from "../technologies/modules.ts";

/** Ports of the Manager that the assembly itself answers. */
type AnsweredHere =
  | "log"
  | "makeNetwork"
  | "standbys"
  | "layer3"
  | "prepareLink"
  | "leaveLink"
  | "forgetLink"
  | "leftAloneBecause"
  | "setRanks"
  | "releaseUnclaimed";

/**
 * Everything outside that a Machine needs. A new port has its row here and, where it can be done without, in
 * {@link idlePorts}.
 */
export interface MachinePorts extends Omit<ManagerPorts, AnsweredHere> {
  logOf(scope: string): Log;
  readonly sysctls: LinkSysctlPort;
  /** Absent: nothing outlives the run. */
  readonly originalSettings?: OriginalSettings;
  readonly protocols: NetworkPorts["protocols"];
  readonly guard?: NetworkPorts["guard"];
  readonly carrierGraceMs: number;
  /** Between a link's carrier and its address; begun and ended here. */
  readonly quiet: Quiet;
  readonly wantsRapidCommit: boolean;
  /** Foreign configuration of links is replaced. */
  readonly takesOver: boolean;
  /**
   * Protocols open the sockets that the link's first connection would have to wait for. Throws when the link is gone.
   */
  linkReady(linkIndex: number): void;
  /** The link is not ours any more: protocols give its settings back. */
  linkLeft(linkIndex: number): void;
  /** The links that are ours are known: protocols restore others' settings that an earlier run has changed. */
  startUpOver(): void;
  /** Protocols close their sockets of the link. */
  linkGone(linkIndex: number): void;
}

/** Ports without which a Machine is no machine. */
type Essential = "clock" | "quiet" | "rtnl" | "profiles" | "protocols";

const noModems: Modems = {
  all: [],
  observe: () => () => {},
  enable: async () => {},
  connect: async () => {
    throw new DaemonError("TechnologyNotAvailable");
  },
  disconnect: async () => {},
  sendPin: async () => {},
  close: () => {},
};
const noSupplicant: Supplicant = {
  isThere: false,
  attach: () => {
    throw new DaemonError("TechnologyNotAvailable");
  },
  close: () => {},
};

const noHandlers: HandlerCatalogue = {
  names: [],
  find: () => undefined,
  whenKnown: async () => {},
  whyNoOthers: "",
  reread: () => {},
  onChange: () => () => {},
};

const notSupported = () => Promise.reject(new DaemonError("NotSupported"));
const noWireguard: Wireguard = {
  configure: notSupported,
  moveEndpoint: notSupported,
  greet: notSupported,
  peers: notSupported,
  close: () => {},
};

const noAutomation: AutomationPorts = {
  processes: {
    run: () => {
      throw new DaemonError("NotSupported", "no program is run here");
    },
    list: () => [],
    stopAll: async () => {},
  },
  hostDomain: () => undefined,
  readTrustedFile: () => "",
  programFault: () => "no program is run here",
};

/** The other ports, on a machine without an outside: the stage of the rehearsal and the tests begin with these. */
export const idlePorts = (): Omit<MachinePorts, Essential> => ({
  logOf: () => silentLog,
  debug: new DebugControl(
    new LogControl({ write() {} }),
    { read: () => undefined, write() {}, remove() {} },
    silentLog,
  ),
  links: new LinkSelection({ block: [], allow: undefined }),
  technologyOrder: defaultTechnologyOrder,
  modules: technologyModules,
  technologyPorts: {
    supplicant: noSupplicant,
    modems: noModems,
    wireguard: noWireguard,
    names: { addressesOf: async () => [] },
    handlers: noHandlers,
  },
  readFacts: () => ({ hasUeventFile: true, hasDevice: true, lowerLinks: [], hasSiblingTty: false }),
  readSpeedMbps: () => undefined,
  readTraffic: () => undefined,
  wakeOnLan: { setMagicPacket: async () => {} },
  probeHosts: probeHosts("", ""),
  http: { get: async () => ({ kind: "aborted" }) },
  random: () => 0,
  configuration: { name: "", read: () => undefined, write() {} },
  sysctls: { getForLink: () => undefined, setForLink: () => true },
  carrierGraceMs: 0,
  wantsRapidCommit: true,
  takesOver: false,
  automation: noAutomation,
  setNames: () => {},
  releaseMemory: () => {},
  linkLeft: () => {},
  startUpOver: () => {},
  linkReady: () => {},
  linkGone: () => {},
});
