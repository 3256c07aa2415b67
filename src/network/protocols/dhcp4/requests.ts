/** The messages a client sends: fields and options as RFC 2131, table 5, wants them. Pure. */
import { parseIpv4 } from "../../../base/ipv4.ts";
import type { Identity } from "./identity.ts";
import type { DhcpMessage, MessageType } from "./message.ts";
import { optionCode as code } from "./options.ts";

/** One question and its answers: `id` ties them together. */
export interface Exchange {
  readonly id: number;
  /** Since the client began to acquire or renew. */
  readonly seconds: number;
  readonly isBroadcast: boolean;
}

const anywhere = "0.0.0.0";

/**
 * Classless routes come before the router (RFC 3442, "DHCP Client Behavior"); servers with little room answer in this
 * order.
 */
const wanted = [
  code.subnetMask,
  code.classlessRoutes,
  code.microsoftRoutes,
  code.router,
  code.nameServers,
  code.hostName,
  code.domainName,
  code.domainSearch,
  code.mtu,
  code.broadcast,
  code.ntpServers,
  code.vendorEncapsulated,
  code.leaseTime,
  code.renewalTime,
  code.rebindingTime,
  code.captivePortal,
  code.webProxyAutoDiscovery,
];

/** `hint`: an address we had here once. */
export const discover = (identity: Identity, exchange: Exchange, hint?: string): DhcpMessage =>
  message("discover", identity, exchange, anywhere, [
    ...addressOption(code.requestedAddress, hint),
    ...(identity.wantsRapidCommit ? [option(code.rapidCommit, Buffer.alloc(0))] : []),
    ...questions(identity),
  ]);

/** SELECTING: takes the offer of that server. */
export const requestOffered = (identity: Identity, exchange: Exchange, address: string, server: string): DhcpMessage =>
  message("request", identity, exchange, anywhere, [
    ...addressOption(code.requestedAddress, address),
    ...addressOption(code.serverId, server),
    ...questions(identity),
  ]);

/** INIT-REBOOT: is this address still right here? */
export const requestRemembered = (identity: Identity, exchange: Exchange, address: string): DhcpMessage =>
  message("request", identity, exchange, anywhere, [
    ...addressOption(code.requestedAddress, address),
    ...questions(identity),
  ]);

/** RENEWING and REBINDING differ in where it is sent only. */
export const requestRenewal = (identity: Identity, exchange: Exchange, address: string): DhcpMessage =>
  message("request", identity, exchange, address, questions(identity));

export const decline = (identity: Identity, exchange: Exchange, address: string, server: string): DhcpMessage =>
  message("decline", identity, exchange, anywhere, [
    ...addressOption(code.requestedAddress, address),
    ...addressOption(code.serverId, server),
    option(code.clientId, identity.clientId),
    option(code.message, Buffer.from("address is in use by another host")),
  ]);

export const release = (identity: Identity, exchange: Exchange, address: string, server: string): DhcpMessage =>
  message("release", identity, exchange, address, [
    ...addressOption(code.serverId, server),
    option(code.clientId, identity.clientId),
  ]);

type Option = readonly [code: number, value: Buffer];
const option = (number: number, value: Buffer): Option => [number, value];

function message(
  type: MessageType,
  { mac }: Identity,
  exchange: Exchange,
  clientAddress: string,
  options: readonly Option[],
): DhcpMessage {
  return {
    op: "request",
    type,
    transactionId: exchange.id,
    seconds: exchange.seconds,
    isBroadcast: exchange.isBroadcast,
    clientAddress,
    yourAddress: anywhere,
    nextServer: anywhere,
    relayAddress: anywhere,
    hardwareAddress: mac,
    options: new Map(options),
  };
}

function questions({ clientId, hostname, vendorClass, maxMessageSize, wantsIpv6Only }: Identity): Option[] {
  const size = Buffer.alloc(2);
  size.writeUInt16BE(maxMessageSize);
  return [
    option(code.clientId, clientId),
    option(code.maxMessageSize, size),
    option(code.parameterList, Buffer.from(wantsIpv6Only ? [...wanted, code.ipv6OnlyPreferred] : wanted)),
    ...(hostname === undefined ? [] : [option(code.hostName, Buffer.from(hostname))]),
    ...(vendorClass === undefined ? [] : [option(code.vendorClass, Buffer.from(vendorClass))]),
  ];
}

function addressOption(number: number, address: string | undefined): Option[] {
  if (address === undefined) return [];
  const value = Buffer.alloc(4);
  value.writeUInt32BE(parseIpv4(address) ?? 0);
  return [option(number, value)];
}
