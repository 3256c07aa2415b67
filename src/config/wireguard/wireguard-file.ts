/**
 * Reads the configuration files of wg-quick(8), as providers of tunnels hand them out. Every refusal names its line,
 * and none repeats a value: it may be a key. Pure.
 */
import { DaemonError } from "../../base/errors.ts";
import { familyOf, formatIpAddress, networkOf, parseCidr, parseIpAddress } from "../../base/ip-address.ts";

export interface WireguardEndpoint {
  /** A name, or an address in canonical text without brackets. */
  readonly host: string;
  readonly port: number;
}
export interface WireguardPeer {
  /** 32 bytes in base64, as all keys. */
  readonly publicKey: string;
  readonly presharedKey?: string;
  /** CIDR text of networks, without host bits. */
  readonly allowedIps: readonly string[];
  /** Absent: the peer is to call us. */
  readonly endpoint?: WireguardEndpoint;
  /** Seconds, 1 to 65,535; absent: off. */
  readonly keepaliveSeconds?: number;
}
export interface WireguardFile {
  readonly privateKey: string;
  /** Own addresses, CIDR text. */
  readonly addresses: readonly string[];
  readonly nameServers: readonly string[];
  readonly searchDomains: readonly string[];
  /** Absent: the kernel's choice. */
  readonly mtu?: number;
  /** Absent: any. */
  readonly listenPort?: number;
  readonly peers: readonly WireguardPeer[];
  /** Lines without effect here, for the person who imports the file. */
  readonly notes: readonly string[];
}

/** A provider's file has some hundred bytes; one of a large company some hundred peers. */
export const wireguardLimits = { bytes: 256 * 1024, peers: 1000 } as const;

/** Keys of commands: they would run any program of the file's author as root. */
const commands: ReadonlySet<string> = new Set(["preup", "postup", "predown", "postdown"]);
/** Routes and saving are the daemon's business. */
const withoutEffect: ReadonlySet<string> = new Set(["table", "saveconfig", "fwmark"]);

type Mutable<T> = { -readonly [K in keyof T]: T[K] };
interface Interface {
  privateKey?: string;
  readonly addresses: string[];
  readonly nameServers: string[];
  readonly searchDomains: string[];
  mtu?: number;
  listenPort?: number;
}
type Peer = Mutable<Partial<Omit<WireguardPeer, "allowedIps">>> & { readonly allowedIps: string[] };

/** Throws DaemonError InvalidArguments with the line. */
export function parseWireguardFile(text: string): WireguardFile {
  if (Buffer.byteLength(text) > wireguardLimits.bytes) throw refusal(1, `larger than ${wireguardLimits.bytes} bytes`);
  const own: Interface = { addresses: [], nameServers: [], searchDomains: [] };
  const peers: (Peer & { readonly line: number })[] = [];
  const notes: string[] = [];
  let section: "interface" | "peer" | undefined;
  for (const [index, raw] of text.split(/\r?\n/).entries()) {
    const line = index + 1;
    const content = raw
      .replace(/#.*/, "")
      .replace(/^\ufeff/, "")
      .trim();
    if (content === "") continue;
    const header = /^\[(\w+)\]$/.exec(content)?.[1]?.toLowerCase();
    if (header !== undefined) {
      if (header !== "interface" && header !== "peer") throw refusal(line, "a section is [Interface] or [Peer]");
      section = header;
      if (header === "peer") peers.push({ allowedIps: [], line });
      if (peers.length > wireguardLimits.peers) throw refusal(line, `more than ${wireguardLimits.peers} peers`);
      continue;
    }
    const { name, key, value } = keyAndValue(content, line);
    if (commands.has(key)) throw refusal(line, `${name} runs a command as root; remove it to import the rest`);
    if (withoutEffect.has(key)) notes.push(`line ${line}: ${name} has no effect here`);
    else if (section === "interface") setInterface(own, key, name, value, line);
    else if (section === "peer") setPeer(peers.at(-1) as Peer, key, name, value, line);
    else throw refusal(line, `${name} stands before [Interface]`);
  }
  return finish(own, peers, notes);
}

function keyAndValue(content: string, line: number) {
  const at = content.indexOf("=");
  const name = content.slice(0, at).trim();
  if (at < 1 || !/^\w+$/.test(name)) throw refusal(line, "neither a section nor NAME = VALUE");
  const value = content.slice(at + 1).trim();
  const key = name.toLowerCase();
  // As wg(8) takes it: nothing is allowed.
  if (value === "" && key !== "allowedips") throw refusal(line, `${name} has no value`);
  return { name, key, value };
}

function setInterface(own: Interface, key: string, name: string, value: string, line: number): void {
  switch (key) {
    case "privatekey":
      own.privateKey = keyIn(value, name, line);
      break;
    case "address":
      own.addresses.push(...itemsIn(value).map((item) => addressIn(item, name, line)));
      break;
    case "dns":
      for (const item of itemsIn(value)) (familyOf(item) ? own.nameServers : own.searchDomains).push(item);
      break;
    case "mtu":
      own.mtu = numberIn(value, 576, 65_535, name, line);
      break;
    case "listenport":
      own.listenPort = numberIn(value, 0, 65_535, name, line);
      break;
    default:
      throw refusal(line, `${name} is nothing that [Interface] has`);
  }
}

function setPeer(peer: Peer, key: string, name: string, value: string, line: number): void {
  switch (key) {
    case "publickey":
      peer.publicKey = keyIn(value, name, line);
      break;
    case "presharedkey":
      peer.presharedKey = keyIn(value, name, line);
      break;
    case "allowedips":
      peer.allowedIps.push(...itemsIn(value).map((item) => networkIn(item, name, line)));
      break;
    case "endpoint":
      peer.endpoint = endpointIn(value, name, line);
      break;
    case "persistentkeepalive": {
      const seconds = value === "off" ? 0 : numberIn(value, 0, 65_535, name, line);
      if (seconds > 0) peer.keepaliveSeconds = seconds;
      break;
    }
    default:
      throw refusal(line, `${name} is nothing that [Peer] has`);
  }
}

function finish(own: Interface, peers: readonly (Peer & { readonly line: number })[], notes: readonly string[]) {
  const { privateKey, ...rest } = own;
  if (privateKey === undefined) throw refusal(1, "[Interface] has no PrivateKey");
  const first = peers[0];
  if (!first) throw refusal(1, "there is no [Peer]");
  const complete = peers.map(({ line, publicKey, ...peer }) => {
    if (publicKey === undefined) throw refusal(line, "[Peer] has no PublicKey");
    return { publicKey, ...peer };
  });
  return { ...rest, privateKey, peers: complete, notes };
}

const itemsIn = (value: string): readonly string[] => value.split(/[\s,]+/).filter((item) => item !== "");

/** Base64 of 32 bytes has 43 characters and one for the filling. */
export const isWireguardKey = (value: string): boolean => /^[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=$/.test(value);
function keyIn(value: string, name: string, line: number): string {
  if (isWireguardKey(value)) return value;
  throw refusal(line, `${name} is no key: 44 characters of base64`);
}
function addressIn(item: string, name: string, line: number): string {
  const block = cidrIn(item, name, line);
  return `${block.text}/${block.prefixLength}`;
}
function networkIn(item: string, name: string, line: number): string {
  const { text, prefixLength } = cidrIn(item, name, line);
  return networkOf(parseCidr(`${text}/${prefixLength}`));
}
function cidrIn(item: string, name: string, line: number) {
  const [text = "", length] = item.split("/");
  const family = familyOf(text);
  if (family === undefined) throw refusal(line, `${name} has something that is no address`);
  const most = family === 4 ? 32 : 128;
  const prefixLength = length === undefined ? most : numberIn(length, 0, most, `the prefix length in ${name}`, line);
  return { text, prefixLength };
}
/** HOST:PORT, with brackets around IPv6; undefined: it is none. */
export function wireguardEndpoint(value: string): WireguardEndpoint | undefined {
  const [, bracketed, plain, digits] = /^(?:\[([^\]]+)\]|([^\s:[\]]+)):(\d{1,5})$/.exec(value) ?? [];
  const host = bracketed ?? plain;
  const port = Number(digits);
  if (host === undefined || host.length > 253 || port < 1 || port > 65_535) return undefined;
  if (bracketed === undefined) return { host, port };
  return familyOf(bracketed) === 6 ? { host: formatIpAddress(6, parseIpAddress(bracketed)), port } : undefined;
}
export const formatWireguardEndpoint = ({ host, port }: WireguardEndpoint): string =>
  host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;

function endpointIn(value: string, name: string, line: number): WireguardEndpoint {
  const endpoint = wireguardEndpoint(value);
  if (endpoint) return endpoint;
  throw refusal(line, `${name} is HOST:PORT, the port in ${name} from 1 to 65535, with [ ] around IPv6`);
}
function numberIn(value: string, least: number, most: number, name: string, line: number): number {
  const number = /^\d{1,6}$/.test(value) ? Number(value) : Number.NaN;
  if (number >= least && number <= most) return number;
  throw refusal(line, `${name} is a number from ${least} to ${most}`);
}

const refusal = (line: number, message: string): DaemonError =>
  new DaemonError("InvalidArguments", `line ${line}: ${message}`, { context: { line } });
