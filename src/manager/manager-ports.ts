import type { Cancel, Clock } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import type { Quiet } from "../base/quiet.ts";
import type { Technology } from "../base/technology.ts";
import type { LinkSelection } from "../device-info/link-names.ts";
import type { Device } from "../devices/device.ts";
import type { Network } from "../network/network.ts";
import type { NetworkObserver } from "../network/network-ports.ts";
import type { Standbys } from "../network/standbys.ts";
import type { AutomationPorts } from "../policy/automation-host.ts";
import type { ProfileStack } from "../profiles/profile-stack.ts";
import type { TechnologyModule, TechnologyPorts } from "../providers/technology-module.ts";
import type { Link, Rtnl } from "../rtnl/rtnl.ts";
import type { WakeOnLan } from "../rtnl/wake-on-lan.ts";
import type { Layer3Ports } from "../services/layer3-plan.ts";
import type { LinkTraffic } from "../services/traffic-counters.ts";
import type { WebPorts } from "../services/validation/validation.ts";
import type { ProbeHosts } from "../services/validation/validation-plan.ts";
import type { LinkFacts } from "../system/sysfs.ts";
import type { ConnectivityPorts } from "./connectivity.ts";
import type { DebugControl } from "./debug-control.ts";
import type { ConfigurationSource } from "./network-configurator.ts";

/** Everything outside that the Manager needs. */
export interface ManagerPorts extends ConnectivityPorts, WebPorts {
  readonly clock: Clock;
  /** Signals and files wait for its end, so the lists of the Manager need not be told more than once in it. */
  readonly quiet: Pick<Quiet, "afterwards">;
  readonly log: Log;
  readonly rtnl: Rtnl;
  readonly profiles: ProfileStack;
  readonly debug: DebugControl;
  readonly links: LinkSelection;
  readonly technologyOrder: readonly Technology[];
  readonly modules: readonly TechnologyModule[];
  readonly technologyPorts: TechnologyPorts;
  readFacts(linkName: string): LinkFacts;
  /** Calls `done` when the system's device manager has set the link up; undefined: nothing is to be waited for. */
  whenSetUp?(linkIndex: number, done: () => void): Cancel | undefined;
  /** Undefined: the driver does not say. */
  readSpeedMbps(linkName: string): number | undefined;
  /** Undefined: the link is gone. */
  readTraffic(linkName: string): LinkTraffic | undefined;
  readonly wakeOnLan: WakeOnLan;
  readonly probeHosts: ProbeHosts;
  /** Where the text of the network configuration is. */
  readonly configuration: ConfigurationSource;
  makeNetwork(observer: NetworkObserver): Network;
  readonly standbys: Pick<Standbys, "prepare" | "cancel">;
  readonly layer3: Layer3Ports;
  readonly automation: AutomationPorts;
  /** A burst is over: memory that it took can go. */
  releaseMemory(): void;
  /** Opens the sockets that the link's first connection would have to wait for. Throws when the link is gone. */
  prepareLink(device: Device): void;
  /** The Device is disabled: the link is given back as it was found. */
  leaveLink(linkIndex: number): void;
  /** The link is gone. */
  forgetLink(linkIndex: number): void;
  /** Why a link that was there before us is not to be touched by ourselves; undefined: it is ours to use. */
  leftAloneBecause(link: Link): string | undefined;
}
