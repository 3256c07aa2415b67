/** The properties of the Manager (spec/shill-dbus-api.md, 1.3), and what is stored of them (shill-behaviour.md, 7.1). */
import { DaemonError } from "../base/errors.ts";
import { PropertyShape, propertyTable } from "../base/property.ts";
import { hostnameFault } from "../base/sent-hostname.ts";
import { parseTechnologyList, primaryTechnologies } from "../base/technology.ts";
import { isConnected } from "../services/connect-states.ts";
import { dnsProxyProperties } from "./dns-proxy.ts";
import type { Manager } from "./manager.ts";
import { managerConstants } from "./manager-constants.ts";

function technologyList(what: string, value: string): string {
  if (parseTechnologyList(value) === undefined) {
    throw new DaemonError("InvalidArguments", `${what}: "${value.slice(0, 100)}" is not a list of technologies`);
  }
  return value;
}

/** As clients set it, in shill: a word that is no technology is kept. A list of all technologies has a tenth of this. */
const longestList = 1024;
function anyList(what: string, value: string): string {
  if (value.length <= longestList) return value;
  throw new DaemonError("InvalidArguments", `${what} has ${value.length} characters; ${longestList} are allowed`);
}

function hostname(value: string): string {
  const fault = hostnameFault(value);
  if (fault !== undefined) throw new DaemonError("InvalidArguments", `DHCPProperty.Hostname ${fault}`);
  return value;
}

const wifiOnEthernet = ["off", "connected", "online"] as const;

export const managerProperties = propertyTable<Manager>()({
  ActiveProfile: {
    signature: "o",
    doc: "The top of the Profile stack.",
    get: (manager) => manager.profiles.profileForNew()?.path ?? "/",
  },
  ArpGateway: {
    signature: "b",
    doc: "Whether DHCP may keep a lease whose gateway answers. Never used on Ethernet.",
    get: ({ settings }) => settings.arpGateway,
    set: ({ settings }, value) => {
      settings.arpGateway = value;
    },
    persist: {
      default: true,
      restore: ({ settings }, value) => {
        settings.arpGateway = value;
      },
    },
  },
  ActivePolicy: {
    signature: "s",
    doc: "Stored here and shown as the property Active of org.fairlead.Policy1.",
    isInternal: true,
    get: ({ settings }) => settings.activePolicy,
    persist: {
      default: "All",
      restore: ({ settings }, value) => {
        settings.activePolicy = value;
      },
    },
  },
  AvailableTechnologies: {
    signature: "as",
    doc: "Technologies with at least one Device.",
    get: (manager) => manager.technologiesWhere(() => true),
  },
  CheckPortalList: {
    signature: "s",
    doc: "Technologies whose networks are validated, with commas.",
    get: ({ settings }) => settings.checkPortalList,
    set: ({ settings }, value) => {
      settings.checkPortalList = anyList("CheckPortalList", value);
    },
    persist: {
      default: primaryTechnologies.join(),
      restore: ({ settings }, value) => {
        settings.checkPortalList = anyList("CheckPortalList", value);
      },
    },
  },
  ClaimedDevices: {
    signature: "as",
    doc: "Links that clients have claimed for themselves.",
    get: (manager) => [...manager.links.claimed].sort(),
  },
  ConnectedTechnologies: {
    signature: "as",
    doc: "Technologies with a Device whose Service is connected.",
    get: (manager) =>
      manager.technologiesWhere(({ selectedService }) => !!selectedService && isConnected(selectedService.state)),
  },
  ConnectionState: {
    signature: "s",
    doc: "State of the default Service; idle without one.",
    get: (manager) => manager.defaultService?.state ?? "idle",
  },
  DefaultService: {
    signature: "o",
    doc: "The first Service if it is connected, else /.",
    get: (manager) => manager.defaultService?.path ?? "/",
  },
  DefaultTechnology: {
    signature: "s",
    doc: "Technology of the default Service; empty without one.",
    get: (manager) => manager.defaultService?.technology ?? "",
  },
  Devices: {
    signature: "ao",
    doc: "All Devices, in the order they came.",
    get: (manager) => manager.devices.map((device) => device.path),
  },
  "DHCPProperty.Hostname": {
    signature: "s",
    doc: "Host name to send to DHCP servers; empty: none.",
    get: ({ settings }) => settings.dhcpHostname,
    set: ({ settings }, value) => {
      settings.dhcpHostname = hostname(value);
    },
    persist: {
      default: "",
      restore: ({ settings }, value) => {
        settings.dhcpHostname = hostname(value);
      },
    },
  },
  DisconnectWiFiOnEthernet: {
    signature: "s",
    doc: "Whether WiFi yields to a cable: off, connected, online.",
    get: ({ settings }) => settings.disconnectWifiOnEthernet,
    set: ({ settings }, value) => {
      const choice = wifiOnEthernet.find((word) => word === value.toLowerCase());
      if (!choice) throw new DaemonError("InvalidArguments", "DisconnectWiFiOnEthernet is off, connected or online");
      settings.disconnectWifiOnEthernet = choice;
    },
    persist: {
      default: "off",
      restore: ({ settings }, value) => {
        settings.disconnectWifiOnEthernet = wifiOnEthernet.find((word) => word === value) ?? "off";
      },
    },
  },
  EnabledTechnologies: {
    signature: "as",
    doc: "Technologies with an enabled Device.",
    get: (manager) => manager.technologiesWhere((device) => device.isEnabled),
  },
  EnableRFC8925: {
    signature: "b",
    doc: "Whether DHCP offers to do without IPv4 (option 108).",
    get: ({ settings }) => settings.isRfc8925Enabled,
    set: ({ settings }, value) => {
      settings.isRfc8925Enabled = value;
    },
    persist: {
      default: false,
      restore: ({ settings }, value) => {
        settings.isRfc8925Enabled = value;
      },
    },
  },
  NoAutoConnectTechnologies: {
    signature: "s",
    doc: "Technologies that are connected only when asked, with commas.",
    get: ({ settings }) => settings.noAutoConnectTechnologies,
    set: ({ settings }, value) => {
      settings.noAutoConnectTechnologies = anyList("NoAutoConnectTechnologies", value);
    },
    persist: {
      default: "",
      restore: ({ settings }, value) => {
        settings.noAutoConnectTechnologies = anyList("NoAutoConnectTechnologies", value);
      },
    },
  },
  PortalFallbackHttpUrls: {
    signature: "s",
    doc: "Where validation looks next over HTTP, with commas; empty where --portal-http-url was set.",
    get: ({ probeHosts }) => probeHosts.httpFallbacks.join(),
  },
  PortalFallbackHttpsUrls: {
    signature: "s",
    doc: "Where validation looks next over HTTPS, with commas; empty where --portal-https-url was set.",
    get: ({ probeHosts }) => probeHosts.httpsFallbacks.join(),
  },
  PortalHttpUrl: {
    signature: "s",
    doc: "Where validation looks first over HTTP; set by --portal-http-url; empty: nowhere.",
    get: ({ probeHosts }) => probeHosts.http,
  },
  PortalHttpsUrl: {
    signature: "s",
    doc: "Where validation looks first over HTTPS; set by --portal-https-url; empty: nowhere.",
    get: ({ probeHosts }) => probeHosts.https,
  },
  Profiles: {
    signature: "ao",
    doc: "The Profile stack, the lowest first.",
    get: (manager) => manager.profiles.profiles.map((profile) => profile.path),
  },
  ProhibitedTechnologies: {
    signature: "s",
    doc: "Technologies that may not be enabled, with commas. Setting it disables their Devices at once.",
    get: ({ settings }) => settings.prohibitedTechnologies,
    set: ({ settings }, value) => {
      settings.prohibitedTechnologies = technologyList("ProhibitedTechnologies", value);
    },
    persist: {
      default: "",
      restore: ({ settings }, value) => {
        settings.prohibitedTechnologies = technologyList("ProhibitedTechnologies", value);
      },
    },
  },
  ServiceCompleteList: {
    signature: "ao",
    doc: "All Services in their order.",
    get: (manager) => manager.services.all.map((service) => service.path),
  },
  Services: {
    signature: "ao",
    doc: "The visible Services in their order.",
    get: (manager) => manager.services.all.filter((service) => service.isVisible).map((service) => service.path),
  },
  UninitializedTechnologies: {
    signature: "as",
    doc: "Technologies seen on a link that has no Device yet.",
    get: (manager) => manager.deviceInfo.uninitializedTechnologies,
  },
  WakeOnLanEnabled: {
    signature: "b",
    doc: "Whether cards wake the machine by magic packet; set on each card when its cable goes in, and at once when it changes.",
    get: ({ settings }) => settings.isWakeOnLanEnabled,
    set: ({ settings }, value) => {
      settings.isWakeOnLanEnabled = value;
    },
    persist: {
      default: true,
      restore: ({ settings }, value) => {
        settings.isWakeOnLanEnabled = value;
      },
    },
  },
  "WiFi.GlobalFTEnabled": {
    signature: "b",
    doc: "Whether radios may use fast transition (802.11r) between access points.",
    get: ({ settings }) => settings.isGlobalFtEnabled,
    set: ({ settings }, value) => {
      settings.isGlobalFtEnabled = value;
    },
    persist: {
      default: true,
      restore: ({ settings }, value) => {
        settings.isGlobalFtEnabled = value;
      },
    },
  },
  "WiFi.ScanAllowRoam": {
    signature: "b",
    doc: "Whether a scan may lead to another access point of the same network.",
    get: ({ settings }) => settings.isScanAllowedToRoam,
    set: ({ settings }, value) => {
      settings.isScanAllowedToRoam = value;
    },
  },
});

export const managerShape = new PropertyShape<Manager>({
  ...managerProperties,
  ...dnsProxyProperties,
  ...managerConstants,
});
