/** Properties of tunnels (shill's service-api.txt), and their rows in Profiles. */
import { DaemonError } from "../../base/errors.ts";
import { PropertyShape, type PropertyTable, propertyTable, type WireVariant } from "../../base/property.ts";
import type { WireguardPeer } from "../../config/wireguard/wireguard-file.ts";
import type { Service } from "../../services/service.ts";
import { serviceProperties } from "../../services/service-properties.ts";
import { makePrivateKey, publicKeyOf } from "./wireguard-keys.ts";
import { checkKey, formatPeers, parseAddresses, parsePeers } from "./wireguard-settings.ts";

/** A tunnel's Service, as its properties see it. */
export interface VpnFacts extends Service {
  /** Provider.Type */
  kind: string;
  /** Provider.Host */
  providerHost: string;
  /** Secret, in base64; empty: none is known. */
  privateKey: string;
  addresses: readonly string[];
  /** Peers hold secrets. */
  peers: readonly WireguardPeer[];
}

const text = (value: string): WireVariant => ({ signature: "s", value });

/** The identity outranks the entry's rows: a temporary Service is made before its entry is read. */
const identity = (field: "kind" | "providerHost" | "name") => ({
  default: "",
  restore: (service: VpnFacts, value: string, isStored: boolean) => {
    if (isStored) service[field] = value;
  },
});

const vpnProperties = propertyTable<VpnFacts>()({
  Name: { ...serviceProperties.Name, persist: identity("name") },
  PhysicalTechnology: {
    signature: "s",
    doc: "The technology of the network that the tunnel runs over; absent while there is none.",
    get: (service) => service.host.underlay?.technology,
  },
  Provider: {
    signature: "a{sv}",
    doc: "Type, Host and every readable setting of the tunnel in one dictionary.",
    get: (service) =>
      new Map<string, WireVariant>([
        ["Host", text(service.providerHost)],
        ["Type", text(service.kind)],
        ["WireGuard.IPAddress", { signature: "as", value: service.addresses }],
        ["WireGuard.Peers", { signature: "aa{ss}", value: formatPeers(service.peers, false) }],
        ["WireGuard.PublicKey", text(ownPublicKey(service))],
      ]),
  },
  "Provider.Host": {
    signature: "s",
    doc: "The server by its name or address, as the tunnel is known by it; part of the tunnel's identity.",
    get: (service) => service.providerHost,
    persist: identity("providerHost"),
  },
  "Provider.Type": {
    signature: "s",
    doc: "The kind of tunnel: wireguard.",
    get: (service) => service.kind,
    persist: identity("kind"),
  },
  SaveCredentials: {
    ...serviceProperties.SaveCredentials,
    persist: { ...serviceProperties.SaveCredentials.persist, default: false },
  },
  "WireGuard.IPAddress": {
    signature: "as",
    doc: "Own addresses inside the tunnel, with their prefix lengths. In force at the next Connect, as all of WireGuard.*.",
    get: (service) => service.addresses,
    set: (service, value) => {
      service.addresses = parseAddresses(value);
    },
    persist: {
      default: [],
      restore: (service, value) => {
        service.addresses = parseAddresses(value);
      },
    },
  },
  "WireGuard.Peers": {
    signature: "aa{ss}",
    doc:
      "Peers: PublicKey, AllowedIPs, Endpoint, PersistentKeepalive, and PresharedKey, which is never readable. A known peer that " +
      "is sent without a PresharedKey keeps the one that it has.",
    get: (service) => formatPeers(service.peers, false),
    set: (service, value) => {
      service.peers = parsePeers(value, service.peers);
    },
    persist: {
      default: [],
      save: (service) => (service.peers.length > 0 ? formatPeers(service.peers, true) : undefined),
      restore: (service, value) => {
        service.peers = parsePeers(value, []);
      },
    },
  },
  "WireGuard.PrivateKey": {
    signature: "s",
    doc: "The own key in base64, never readable; empty: a new one is made.",
    isSecret: true,
    get: (service) => service.privateKey,
    set: (service, value) => {
      service.privateKey = value === "" ? makePrivateKey() : checkKey(value, "PrivateKey");
    },
    clear: (service) => {
      throw new DaemonError("InvalidArguments", `${service.label} needs a key; an empty one makes a new one`);
    },
    persist: {
      default: "",
      restore: (service, value, isStored) => {
        service.privateKey = isStored ? checkKey(value, "PrivateKey") : "";
      },
    },
  },
  "WireGuard.PublicKey": {
    signature: "s",
    doc: "The public half of WireGuard.PrivateKey, which the peers have to know; empty while there is none.",
    get: (service) => ownPublicKey(service),
  },
});

const ownPublicKey = ({ privateKey }: VpnFacts): string => (privateKey === "" ? "" : publicKeyOf(privateKey));

/** Properties that follow from others. */
export const followingProperties = ["Connectable", "Provider", "WireGuard.PublicKey"] as const;

export const vpnShape = new PropertyShape<Service>({
  ...serviceProperties,
  ...vpnProperties,
} as unknown as PropertyTable<Service>);
