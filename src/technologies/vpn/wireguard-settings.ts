/** A WireGuard tunnel as clients set it (shill's WireGuard.*), in the words of its configuration file. Pure. */
import { DaemonError } from "../../base/errors.ts";
import { addressBits, formatIpAddress, networkOf, parseCidr } from "../../base/ip-address.ts";
import {
  formatWireguardEndpoint,
  isWireguardKey,
  type WireguardPeer,
  wireguardEndpoint,
  wireguardLimits,
} from "../../config/wireguard/wireguard-file.ts";
import { emptyIpSettings, type IpFamilySettings, type IpSettings } from "../../network/ip-settings.ts";
import type { Family } from "../../rtnl/rtnl.ts";

type Dictionary = ReadonlyMap<string, string>;

const mostAddresses = 16;
const mostNetworks = 10_000;
const words = {
  publicKey: "PublicKey",
  presharedKey: "PresharedKey",
  allowedIps: "AllowedIPs",
  endpoint: "Endpoint",
  keepalive: "PersistentKeepalive",
} as const;
const known: ReadonlySet<string> = new Set(Object.values(words));
/** Told by us, and sent back by clients that change something else. */
const told: ReadonlySet<string> = new Set(["LatestHandshake", "RxBytes", "TxBytes"]);

/** No value gets into the error: it may be a key. */
const refuse = (why: string) => new DaemonError("InvalidArguments", `WireGuard.${why}`);

export function checkKey(value: string, property: string): string {
  if (isWireguardKey(value)) return value;
  throw refuse(`${property} is no key: 44 characters of base64`);
}

/** Own addresses in canonical text; a prefix length is added where there is none. Throws InvalidArguments. */
export function parseAddresses(values: readonly string[]): readonly string[] {
  if (values.length > mostAddresses) throw refuse(`IPAddress has more than ${mostAddresses} addresses`);
  return values.map((value) => {
    const { family, bytes, prefixLength } = parseBlock(value, "IPAddress");
    return `${formatIpAddress(family, bytes)}/${prefixLength}`;
  });
}

/** `before`: a peer that is sent without its preshared key keeps the one that it had; an empty one takes it away. */
export function parsePeers(list: readonly Dictionary[], before: readonly WireguardPeer[]): readonly WireguardPeer[] {
  if (list.length > wireguardLimits.peers) throw refuse(`Peers has more than ${wireguardLimits.peers} peers`);
  const peers = list.map((peer) => parsePeer(peer, before));
  if (new Set(peers.map(({ publicKey }) => publicKey)).size < peers.length) throw refuse("Peers has a peer twice");
  if (peers.reduce((sum, { allowedIps }) => sum + allowedIps.length, 0) > mostNetworks) {
    throw refuse(`Peers has more than ${mostNetworks} AllowedIPs`);
  }
  return peers;
}

function parsePeer(peer: Dictionary, before: readonly WireguardPeer[]): WireguardPeer {
  for (const name of peer.keys()) {
    if (!known.has(name) && !told.has(name))
      throw refuse(`Peers: ${JSON.stringify(name.slice(0, 40))} is nothing that a peer has`);
  }
  const publicKey = checkKey(peer.get(words.publicKey) ?? "", "Peers: PublicKey");
  const preshared = peer.get(words.presharedKey) ?? before.find((other) => other.publicKey === publicKey)?.presharedKey;
  const endpoint = parseEndpoint(peer.get(words.endpoint) ?? "");
  const keepaliveSeconds = parseKeepalive(peer.get(words.keepalive) ?? "");
  return {
    publicKey,
    ...(preshared ? { presharedKey: checkKey(preshared, "Peers: PresharedKey") } : {}),
    allowedIps: listedIn(peer.get(words.allowedIps) ?? "").map((item) =>
      networkOf(parseBlock(item, "Peers: AllowedIPs")),
    ),
    ...(endpoint && { endpoint }),
    ...(keepaliveSeconds > 0 && { keepaliveSeconds }),
  };
}

const listedIn = (text: string): readonly string[] => text.split(/[\s,]+/).filter((item) => item !== "");

function parseBlock(text: string, property: string) {
  try {
    return parseCidr(text.includes("/") ? text : `${text}/${text.includes(":") ? 128 : 32}`);
  } catch {
    throw refuse(`${property} has something that is no address`);
  }
}
function parseEndpoint(text: string) {
  if (text === "") return undefined;
  const endpoint = wireguardEndpoint(text);
  if (endpoint) return endpoint;
  throw refuse("Peers: Endpoint is HOST:PORT, with [ ] around IPv6");
}
function parseKeepalive(text: string): number {
  if (text === "" || text === "off") return 0;
  const seconds = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (seconds <= 65_535) return seconds;
  throw refuse("Peers: PersistentKeepalive is a number of seconds up to 65535");
}

/** `withSecrets`: for the store alone. */
export const formatPeers = (peers: readonly WireguardPeer[], withSecrets: boolean): readonly Dictionary[] =>
  peers.map(({ publicKey, presharedKey, allowedIps, endpoint, keepaliveSeconds }) => {
    const peer = new Map<string, string>([[words.publicKey, publicKey]]);
    if (withSecrets && presharedKey !== undefined) peer.set(words.presharedKey, presharedKey);
    peer.set(words.allowedIps, allowedIps.join(","));
    if (endpoint) peer.set(words.endpoint, formatWireguardEndpoint(endpoint));
    if (keepaliveSeconds !== undefined) peer.set(words.keepalive, String(keepaliveSeconds));
    return peer;
  });

/** Layer 3 of the tunnel's link. `servers`: addresses of peers, which must not be looked for inside of it. */
export function tunnelSettings(
  addresses: readonly string[],
  peers: readonly WireguardPeer[],
  servers: readonly string[],
): IpSettings {
  const ipv4 = familyIn(addresses, 4);
  const ipv6 = familyIn(addresses, 6);
  const host = (address: string) => `${address}/${addressBits(address.includes(":") ? 6 : 4)}`;
  return {
    ...emptyIpSettings,
    ...(ipv4 && { ipv4 }),
    ...(ipv6 && { ipv6 }),
    includedRoutes: withoutHalves([...new Set(peers.flatMap(({ allowedIps }) => allowedIps))]),
    excludedRoutes: [...new Set(servers.map(host))],
  };
}

function familyIn(addresses: readonly string[], family: Family): IpFamilySettings | undefined {
  const own = [...new Set(addresses)].filter((cidr) => cidr.includes(":") === (family === 6));
  const [first, ...others] = own.map((cidr) => {
    const [address = "", length] = cidr.split("/");
    return { address, prefixLength: Number(length) };
  });
  return first && { family, ...first, ...(others.length > 0 && { others }) };
}

const halves = [
  { whole: "0.0.0.0/0", parts: ["0.0.0.0/1", "128.0.0.0/1"] },
  { whole: "::/0", parts: ["::/1", "8000::/1"] },
];
/** Files name everything in two halves to come before another default route; here the order of networks does that. */
const withoutHalves = (cidrs: readonly string[]): readonly string[] =>
  halves.reduce<readonly string[]>(
    (list, { whole, parts }) =>
      parts.every((part) => list.includes(part))
        ? [...new Set([...list.filter((cidr) => !parts.includes(cidr)), whole])]
        : list,
    cidrs,
  );
