import { DaemonError } from "../../../base/errors.ts";
import { formatMac } from "../../../base/ip-address.ts";
import { hostnameFault } from "../../../base/names.ts";
import type { ProtocolLink } from "../handler.ts";
import type { ClientId, Dhcp4Config } from "./config.ts";
import { macBytes } from "./message.ts";

/** Our identity to servers: the parts of every message that do not change during a session. */
export interface Identity {
  readonly mac: string;
  /** Option 61. */
  readonly clientId: Buffer;
  readonly hostname: string | undefined;
  readonly vendorClass: string | undefined;
  /** Option 57, bytes. */
  readonly maxMessageSize: number;
  readonly wantsRapidCommit: boolean;
  readonly wantsIpv6Only: boolean;
}

/** RFC 2132, 9.10. */
const smallestMessageSize = 576;
/** No server has more to say, and larger ones would be fragmented on the way. */
const largestMessageSize = 1500;
/** RFC 4361, 6.1. */
const duidClientType = 255;
/** RFC 8415, 11.1: a DUID is 2 bytes of type and 1 to 128 of data. */
const duidBytes = { least: 3, most: 130 } as const;

/** Throws DaemonError InvalidArguments that names the member of the configuration. */
export function identityOf(link: ProtocolLink, config: Dhcp4Config): Identity {
  const { hostname, vendorClass } = config;
  if (formatMac(macBytes(link.mac), 0, 6) !== link.mac) throw invalid("link", `${link.name} has no Ethernet address`);
  const hostnameIs = hostname === "" ? "is empty" : hostname === undefined ? undefined : hostnameFault(hostname);
  if (hostnameIs !== undefined) throw invalid("hostname", hostnameIs);
  if (vendorClass !== undefined && !/^[\x20-\x7e]{1,255}$/.test(vendorClass)) {
    throw invalid("vendorClass", "must be 1 to 255 printable ASCII characters");
  }
  return {
    mac: link.mac,
    clientId: clientIdBytes(config.clientId ?? { kind: "mac" }, link),
    hostname,
    vendorClass,
    maxMessageSize: Math.min(Math.max(link.mtu, smallestMessageSize), largestMessageSize),
    wantsRapidCommit: config.rapidCommit ?? true,
    wantsIpv6Only: config.ipv6OnlyPreferred ?? false,
  };
}

function clientIdBytes(id: ClientId, link: ProtocolLink): Buffer {
  switch (id.kind) {
    case "mac":
      return Buffer.from([1, ...macBytes(link.mac)]);
    case "duid": {
      const head = Buffer.alloc(5);
      head[0] = duidClientType;
      head.writeUInt32BE((id.iaid ?? link.index) >>> 0, 1);
      return Buffer.concat([head, hexBytes("clientId.duid", id.duid, duidBytes.least, duidBytes.most)]);
    }
    case "raw":
      return hexBytes("clientId.hex", id.hex, 2, 255);
  }
}

function hexBytes(member: string, text: string, least: number, most: number): Buffer {
  const isHex = /^([0-9a-fA-F]{2})+$/.test(text);
  if (!isHex || text.length < least * 2 || text.length > most * 2) {
    throw invalid(member, `must be ${least} to ${most} bytes in hex`);
  }
  return Buffer.from(text, "hex");
}

const invalid = (member: string, what: string) =>
  new DaemonError("InvalidArguments", `DHCP setting ${member}: ${what}`, { context: { member } });
