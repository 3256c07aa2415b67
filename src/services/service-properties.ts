/** The properties of every Service (spec/shill-dbus-api.md, 3.3), and what is stored of them (shill-behaviour.md, 7.7). */
import { DaemonError } from "../base/errors.ts";
import { PropertyShape, propertyTable } from "../base/property.ts";
import { acceptStaticIp, parseStaticIp, staticIpDictionary } from "../network/static-ip.ts";
import { isConnected } from "./connect-states.ts";
import { networkConfigDictionary, savedConfigDictionary } from "./network-dictionaries.ts";
import type { Service } from "./service.ts";
import { type ConfigurationSource, configurationSources } from "./service-order.ts";
import type { LinkTraffic } from "./traffic-counters.ts";

/** One for all: it is what nearly every Service has. */
const none: readonly string[] = [];

const checkPortalValues = ["auto", "true", "false", "http-only"];

function oneOf<V extends string>(what: string, allowed: readonly V[], value: string): V {
  const found = allowed.find((candidate) => candidate === value);
  if (found === undefined) {
    // A client's word in our message: short, on one line.
    const given = JSON.stringify(value.slice(0, 60));
    throw new DaemonError("InvalidArguments", `${what} must be one of ${allowed.join(", ")}, not ${given}`);
  }
  return found;
}

/** What is counted is of no known source: the kernel does not tell whose a packet is. */
function storedTraffic(direction: keyof LinkTraffic) {
  return {
    signature: "t",
    doc: "Bytes since TrafficCounterResetTime.",
    isInternal: true,
    isUsersAffair: true,
    get: ({ traffic }: Service) => traffic.total[direction],
    persist: {
      default: 0n,
      restore: ({ traffic }: Service, value: bigint) => {
        traffic.total = { ...traffic.total, [direction]: value };
      },
    },
  } as const;
}

export const serviceProperties = propertyTable<Service>()({
  AutoConnect: {
    signature: "b",
    doc: "Whether the Manager may connect this Service without being asked. Always true for a cable.",
    get: (service) => service.autoConnect,
    set: (service, value) => {
      if (service.isAutoConnectFixed && !value) {
        throw new DaemonError("InvalidArguments", `AutoConnect of ${service.logName} cannot be switched off`);
      }
      service.autoConnect = value;
      service.isAutoConnectRetained = true;
    },
    clear: (service) => {
      service.autoConnect = service.autoConnectDefault;
      service.isAutoConnectRetained = false;
    },
    persist: {
      default: false,
      save: (service) => (service.isAutoConnectRetained ? service.autoConnect : undefined),
      restore: (service, value, isStored) => {
        service.autoConnect = isStored ? value : service.autoConnectDefault;
        service.isAutoConnectRetained = isStored;
      },
    },
  },
  CheckPortal: {
    signature: "s",
    doc: "Whether to look for a captive portal: auto (by Manager.CheckPortalList), true, false, http-only.",
    get: (service) => service.checkPortal,
    set: (service, value) => {
      service.checkPortal = oneOf("CheckPortal", checkPortalValues, value);
    },
    persist: {
      default: "auto",
      restore: (service, value) => {
        service.checkPortal = oneOf("CheckPortal", checkPortalValues, value);
      },
    },
  },
  Connectable: {
    signature: "b",
    doc: "Whether Connect() has all it needs.",
    get: (service) => service.isConnectable,
  },
  Device: {
    signature: "o",
    doc: "The Device this Service is on; absent for a cable without one, / where there is never one.",
    get: (service) => service.devicePath,
  },
  "Diagnostics.Disconnects": {
    signature: "as",
    doc: "When a connection was lost in the last 5 minutes without anybody asking for it, at most 20.",
    get: (service) => service.disconnects?.texts(service.host.clock) ?? none,
  },
  "Diagnostics.Misconnects": {
    signature: "as",
    doc: "When an attempt to connect failed in the last 5 minutes, at most 20.",
    get: (service) => service.misconnects?.texts(service.host.clock) ?? none,
  },
  DownlinkSpeedKbps: {
    signature: "u",
    doc: "Speed of the link towards us in kilobits per second; 0: unknown.",
    get: (service) => service.device?.linkSpeedKbps ?? 0,
  },
  "EAP.RemoteCertification": {
    signature: "as",
    doc: "Subjects of the certificates that the network's EAP server showed, by depth; empty where there was none.",
    get: () => none,
  },
  EphemeralPriority: {
    signature: "i",
    doc: "Like Priority and before it, but never stored.",
    get: (service) => service.ephemeralPriority,
    set: (service, value) => {
      service.ephemeralPriority = value;
    },
  },
  Error: {
    signature: "s",
    doc: "Why the Service is in state failure; no-failure otherwise.",
    get: (service) => service.error,
  },
  ErrorDetails: {
    signature: "s",
    doc: "Text for people that goes with Error; empty outside failure.",
    get: (service) => service.errorDetails,
  },
  GUID: {
    signature: "s",
    doc: "An identifier that clients give and look up again; ours to keep only.",
    isUsersAffair: true,
    get: (service) => service.guid,
    set: (service, value) => {
      service.guid = value;
    },
    persist: {
      default: "",
      restore: (service, value) => {
        service.guid = value;
      },
    },
  },
  HasEverConnected: {
    signature: "b",
    doc: "Whether this configuration has ever been connected.",
    isInternal: true,
    isUsersAffair: true,
    get: (service) => service.hasEverConnected,
    persist: {
      default: false,
      restore: (service, value) => {
        service.hasEverConnected = value;
      },
    },
  },
  IPConfig: {
    signature: "o",
    doc: "The IPConfig in use first; absent while there is none.",
    get: (service) => service.ipConfigPath,
  },
  IsConnected: {
    signature: "b",
    doc: "Whether State is ready, no-connectivity, redirect-found or online.",
    get: (service) => isConnected(service.state),
  },
  LastConnected: {
    signature: "t",
    doc: "When it last became connected, in milliseconds since 1601-01-01 UTC; 0: never.",
    isUsersAffair: true,
    get: (service) => service.lastConnected,
    persist: {
      default: 0n,
      restore: (service, value) => {
        service.lastConnected = value;
      },
    },
  },
  LastManualConnectAttempt: {
    signature: "t",
    doc: "When somebody last asked it to connect, in milliseconds since 1601-01-01 UTC; 0: never.",
    isUsersAffair: true,
    get: (service) => service.lastManualConnectAttempt,
    persist: {
      default: 0n,
      restore: (service, value) => {
        service.lastManualConnectAttempt = value;
      },
    },
  },
  LastOnline: {
    signature: "t",
    doc: "When it last became online, in milliseconds since 1601-01-01 UTC; 0: never.",
    isUsersAffair: true,
    get: (service) => service.lastOnline,
    persist: {
      default: 0n,
      restore: (service, value) => {
        service.lastOnline = value;
      },
    },
  },
  LinkMonitorDisable: {
    signature: "b",
    doc: "Kept for clients until the next start: no network is judged by whether its gateway answers.",
    get: (service) => service.isLinkMonitorDisabled,
    set: (service, value) => {
      service.isLinkMonitorDisabled = value;
    },
  },
  LogName: {
    signature: "s",
    doc: "The name used in logs; holds no private data.",
    get: (service) => service.logName,
  },
  ManagedCredentials: {
    signature: "b",
    doc: "Its credentials are kept by an administrator.",
    get: (service) => service.hasManagedCredentials,
    set: (service, value) => {
      service.hasManagedCredentials = value;
    },
    persist: {
      default: false,
      restore: (service, value) => {
        service.hasManagedCredentials = value;
      },
    },
  },
  Metered: {
    signature: "b",
    doc: "Whether traffic costs money: as set, else as the network hints (a tethered phone).",
    get: (service) => service.isMetered,
    set: (service, value) => {
      service.meteredOverride = value;
    },
    clear: (service) => {
      service.meteredOverride = undefined;
    },
    persist: {
      default: false,
      save: (service) => service.meteredOverride,
      restore: (service, value, isStored) => {
        service.meteredOverride = isStored ? value : undefined;
      },
    },
  },
  Name: {
    signature: "s",
    doc: "The name for people. Setting another one is refused except where the technology allows renaming.",
    get: (service) => service.name,
    set: (service, value) => {
      if (value !== service.name) {
        throw new DaemonError("InvalidArguments", `the name of ${service.logName} cannot be changed`);
      }
    },
  },
  NetworkConfig: {
    signature: "a{sv}",
    doc: "The addressing in use in one dictionary, of both families; empty while not connected.",
    get: (service) => networkConfigDictionary(service.network),
  },
  NetworkID: {
    signature: "i",
    doc: "Number of the layer 3 session; 0: none.",
    get: (service) => service.network?.sessionId ?? 0,
  },
  ONCSource: {
    signature: "s",
    doc: "Who wrote the configuration: UserPolicy, DevicePolicy, UserImport, None, Unknown. Takes part in the order.",
    get: (service) => service.configurationSource,
    set: (service, value) => {
      service.configurationSource = oneOf<ConfigurationSource>("ONCSource", configurationSources, value);
    },
    persist: {
      default: "Unknown",
      restore: (service, value) => {
        service.configurationSource = oneOf<ConfigurationSource>("ONCSource", configurationSources, value);
      },
    },
  },
  PreviousError: {
    signature: "s",
    doc: "The last failure; stays after it is over. Empty: none so far.",
    get: (service) => service.previousError,
  },
  PreviousErrorSerialNumber: {
    signature: "i",
    doc: "Counts failures, so that the same error twice can be told from once.",
    get: (service) => service.previousErrorSerial,
  },
  Priority: {
    signature: "i",
    doc: "Larger comes first among Services of one technology; 0: none. Above 0 it counts also for one without a default route.",
    get: (service) => service.priority,
    set: (service, value) => {
      service.priority = value;
    },
    persist: {
      default: 0,
      restore: (service, value) => {
        service.priority = value;
      },
    },
  },
  ProbeUrl: {
    signature: "s",
    doc: "Where the last validation met a portal; empty: nowhere.",
    get: ({ validation }) => validation.portalUrl,
  },
  Profile: {
    signature: "s",
    doc:
      "Path of the Profile that keeps this Service's settings; empty while it is not stored. Setting it moves them into " +
      "another Profile of the stack.",
    isUsersAffair: true,
    get: (service) => service.profile?.path ?? "",
    set: (service, value) => service.entry.moveTo(value),
    clear: (service) => {
      throw new DaemonError("InvalidArguments", `${service.logName} is always in the Profile it was put in`);
    },
  },
  ProxyConfig: {
    signature: "s",
    doc: 'JSON for clients; only its "mode" is read here.',
    get: (service) => service.proxyConfig,
    set: (service, value) => {
      service.proxyConfig = value;
    },
    persist: {
      default: "",
      restore: (service, value) => {
        service.proxyConfig = value;
      },
    },
  },
  SaveCredentials: {
    signature: "b",
    doc: "Whether credentials are stored.",
    get: (service) => service.saveCredentials,
    set: (service, value) => {
      service.saveCredentials = value;
    },
    persist: {
      default: true,
      restore: (service, value) => {
        service.saveCredentials = value;
      },
    },
  },
  SavedIPConfig: {
    signature: "a{sv}",
    doc: "What the network itself offered (DHCP), before StaticIPConfig is laid over it.",
    get: (service) => savedConfigDictionary(service.network),
  },
  StartTime: {
    signature: "t",
    doc: "When the last attempt to connect began, in milliseconds since 1601-01-01 UTC; 0: never.",
    isUsersAffair: true,
    get: (service) => service.startTime,
    persist: {
      default: 0n,
      restore: (service, value) => {
        service.startTime = value;
      },
    },
  },
  State: {
    signature: "s",
    doc: "idle, association, configuration, ready, no-connectivity, redirect-found, online, disconnecting or failure.",
    get: (service) => service.state,
  },
  StaticIPConfig: {
    signature: "a{sv}",
    doc:
      "Addressing that overrides what the network offers; replaced as a whole, {} clears it. A Gateway without Address " +
      "replaces the network's. Addresses that no host can have, and a Gateway that is the own Address, are " +
      "InvalidArguments; what does not parse is left out.",
    get: (service) => staticIpDictionary(service.staticIp),
    set: (service, value) => service.setStaticIp(acceptStaticIp(value)),
    persist: {
      default: new Map(),
      restore: (service, value) => service.setStaticIp(parseStaticIp(value)),
    },
  },
  Strength: {
    signature: "y",
    doc: "Signal in percent, 0 to 100; 100 on a cable.",
    get: (service) => service.strengthPercent,
  },
  TrafficCounterResetTime: {
    signature: "t",
    doc: "When the traffic counters last began at nothing, in milliseconds since 1601-01-01 UTC; 0: with the Service.",
    isUsersAffair: true,
    get: (service) => service.trafficCounterResetTime,
    persist: {
      default: 0n,
      restore: (service, value) => {
        service.trafficCounterResetTime = value;
      },
    },
  },
  UNKNOWNRxBytes: storedTraffic("rxBytes"),
  UNKNOWNTxBytes: storedTraffic("txBytes"),
  Type: {
    signature: "s",
    doc: "The technology.",
    get: (service) => service.technology,
  },
  UIData: {
    signature: "s",
    doc: "Kept for clients, not looked at.",
    isUsersAffair: true,
    get: (service) => service.uiData,
    set: (service, value) => {
      service.uiData = value;
    },
    persist: {
      default: "",
      restore: (service, value) => {
        service.uiData = value;
      },
    },
  },
  UplinkSpeedKbps: {
    signature: "u",
    doc: "Speed of the link away from us in kilobits per second; 0: unknown.",
    get: (service) => service.device?.linkSpeedKbps ?? 0,
  },
  Visible: {
    signature: "b",
    doc: "Whether it can be reached now: for a cable, a Device with carrier.",
    get: (service) => service.isVisible,
  },
});

export const serviceShape = new PropertyShape<Service>(serviceProperties);
