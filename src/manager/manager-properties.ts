/** The properties of the Manager (shill's doc/manager-api.txt), and those of them that are stored. */
import { DaemonError } from "../base/errors.ts";
import { hostnameFault } from "../base/names.ts";
import { PropertyShape, propertyTable, type Signature, type Wire } from "../base/property.ts";
import { propertyRows } from "../base/property-row.ts";
import { parseTechnologyList, primaryTechnologies } from "../base/technology.ts";
import { isConnected } from "../services/connect-states.ts";
import { dnsProxyProperties } from "./dns-proxy.ts";
import type { Manager } from "./manager.ts";
import { technologiesOf } from "./technology-control.ts";

const technologyList = (what: string) => (value: string) => {
  if (parseTechnologyList(value) !== undefined) return;
  throw new DaemonError("InvalidArguments", `${what}: "${value.slice(0, 100)}" is not a list of technologies`);
};

/**
 * As clients set it, in shill: a word that is no technology is kept. A list of all technologies has a tenth of this.
 */
const longestList = 1024;
const anyList = (what: string) => (value: string) => {
  if (value.length <= longestList) return;
  throw new DaemonError("InvalidArguments", `${what} has ${value.length} characters; ${longestList} are allowed`);
};

function checkHostname(value: string): void {
  const fault = hostnameFault(value);
  if (fault !== undefined) throw new DaemonError("InvalidArguments", `DHCPProperty.Hostname ${fault}`);
}

const rows = propertyRows(({ settings }: Manager) => settings.values);

const wifiOnEthernet = ["off", "connected", "online"] as const;

const constant = <S extends Signature>(signature: S, value: Wire[S], doc: string) => ({
  signature,
  doc: `${doc} Not to be set here.`,
  get: (): Wire[S] => value,
});

/**
 * Properties with one value that cannot be set: their features do not exist outside of ChromeOS. Clients that read them
 * find the value that they expect; shill's documents do not have them.
 */
const managerConstants = propertyTable<unknown>()({
  AlwaysOnVpnPackage: constant("s", "", "The Android package of an always-on VPN: none."),
  DisableWiFiVHT: constant("b", false, "Whether radios do without 802.11ac."),
  EnableDHCPQoS: constant("b", false, "Whether DHCP packets carry a DSCP mark."),
  EnableSingleCACertVerificationPhase1: constant("b", false, "Whether EAP takes a single CA certificate, phase 1."),
  EnableSingleCACertVerificationPhase2: constant("b", false, "Whether EAP takes a single CA certificate, phase 2."),
  SupportedVPNTypes: constant("s", "wireguard", "Kinds of tunnels that a VPN may be of, as a comma list."),
  UseLegacyDHCPCD: constant("b", false, "Whether an old DHCP client is used."),
  "WiFi.RequestScanType": constant("s", "default", "How radios scan when asked to."),
});

const managerProperties = propertyTable<Manager>()({
  ActiveProfile: {
    signature: "o",
    doc: "The top of the Profile stack.",
    get: (manager) => manager.profiles.profileForNew()?.path ?? "/",
  },
  ArpGateway: rows.kept("b", "arpGateway", true, {
    doc: "Whether DHCP may keep a lease whose gateway answers. Never used on Ethernet.",
  }),
  ActivePolicy: rows.noted("s", "activePolicy", "All", {
    doc: "Stored here and shown as the property Active of org.fairlead.Policy1.",
    isInternal: true,
  }),
  AvailableTechnologies: {
    signature: "as",
    doc: "Technologies with at least one Device.",
    get: (manager) => technologiesOf(manager.devices),
  },
  CheckPortalList: rows.kept("s", "checkPortalList", primaryTechnologies.join(), {
    doc: "Technologies whose networks are validated, with commas.",
    check: anyList("CheckPortalList"),
  }),
  ClaimedDevices: {
    signature: "as",
    doc: "Links that clients have claimed for themselves.",
    get: (manager) => [...manager.deviceInfo.claimedLinks].sort(),
  },
  ConnectedTechnologies: {
    signature: "as",
    doc: "Technologies with a Device whose Service is connected.",
    get: (manager) =>
      technologiesOf(manager.devices, ({ selectedService }) => !!selectedService && isConnected(selectedService.state)),
  },
  ConnectionState: {
    signature: "s",
    doc: "State of the default Service; idle without one.",
    get: (manager) => manager.services.defaultService?.state ?? "idle",
  },
  DefaultService: {
    signature: "o",
    doc: "The first Service if it is connected, else /.",
    get: (manager) => manager.services.defaultService?.path ?? "/",
  },
  DefaultTechnology: {
    signature: "s",
    doc: "Technology of the default Service; empty without one.",
    get: (manager) => manager.services.defaultService?.technology ?? "",
  },
  Devices: {
    signature: "ao",
    doc: "All Devices, in the order they came.",
    get: (manager) => manager.devices.map((device) => device.path),
  },
  "DHCPProperty.Hostname": rows.kept("s", "dhcpHostname", "", {
    doc: "Host name to send to DHCP servers; empty: none.",
    check: checkHostname,
  }),
  DisconnectWiFiOnEthernet: {
    signature: "s",
    doc: "Whether WiFi yields to a cable: off, connected, online.",
    get: ({ settings }) => settings.values.disconnectWifiOnEthernet,
    set: ({ settings }, value) => {
      const choice = wifiOnEthernet.find((word) => word === value.toLowerCase());
      if (!choice) throw new DaemonError("InvalidArguments", "DisconnectWiFiOnEthernet is off, connected or online");
      settings.values.disconnectWifiOnEthernet = choice;
    },
    persist: {
      default: "off",
      restore: ({ settings }, value) => {
        settings.values.disconnectWifiOnEthernet = wifiOnEthernet.find((word) => word === value) ?? "off";
      },
    },
  },
  EnabledTechnologies: {
    signature: "as",
    doc: "Technologies with an enabled Device.",
    get: (manager) => technologiesOf(manager.devices, (device) => device.isEnabled),
  },
  EnableRFC8925: rows.kept("b", "isRfc8925Enabled", false, {
    doc: "Whether DHCP offers to do without IPv4 (option 108).",
  }),
  NoAutoConnectTechnologies: rows.kept("s", "noAutoConnectTechnologies", "", {
    doc: "Technologies that are connected only when asked, with commas.",
    check: anyList("NoAutoConnectTechnologies"),
  }),
  PortalFallbackHttpUrls: {
    signature: "s",
    doc: "Where validation looks next over HTTP, with commas; empty where --portal-http-url was set.",
    get: ({ serviceRegistry }) => serviceRegistry.probeHosts.httpFallbacks.join(),
  },
  PortalFallbackHttpsUrls: {
    signature: "s",
    doc: "Where validation looks next over HTTPS, with commas; empty where --portal-https-url was set.",
    get: ({ serviceRegistry }) => serviceRegistry.probeHosts.httpsFallbacks.join(),
  },
  PortalHttpUrl: {
    signature: "s",
    doc: "Where validation looks first over HTTP; set by --portal-http-url; empty: nowhere.",
    get: ({ serviceRegistry }) => serviceRegistry.probeHosts.http,
  },
  PortalHttpsUrl: {
    signature: "s",
    doc: "Where validation looks first over HTTPS; set by --portal-https-url; empty: nowhere.",
    get: ({ serviceRegistry }) => serviceRegistry.probeHosts.https,
  },
  Profiles: {
    signature: "ao",
    doc: "The Profile stack, the lowest first.",
    get: (manager) => manager.profiles.profiles.map((profile) => profile.path),
  },
  ProhibitedTechnologies: rows.kept("s", "prohibitedTechnologies", "", {
    doc: "Technologies that may not be enabled, with commas. Setting it disables their Devices at once.",
    check: technologyList("ProhibitedTechnologies"),
  }),
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
  WakeOnLanEnabled: rows.kept("b", "isWakeOnLanEnabled", true, {
    doc: "Whether cards wake the machine by magic packet; set on each card when its cable goes in, and at once when it changes.",
  }),
  "WiFi.GlobalFTEnabled": rows.kept("b", "isGlobalFtEnabled", true, {
    doc: "Whether radios may use fast transition (802.11r) between access points.",
  }),
  "WiFi.ScanAllowRoam": rows.volatile("b", "isScanAllowedToRoam", {
    doc: "Whether a scan may lead to another access point of the same network.",
  }),
});

export const managerShape = new PropertyShape<Manager>({
  ...managerProperties,
  ...dnsProxyProperties,
  ...managerConstants,
});
