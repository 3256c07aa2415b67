/** Which network is meant: by a client's arguments, by an entry of a Profile, by an access point. Pure. */
import { DaemonError } from "../../base/errors.ts";
import { type Configuration, textOf } from "../../services/configuration.ts";
import type { Bss } from "../../supplicant/supplicant.ts";
import { type SecurityClass, securityClasses, securityClassOf } from "./wifi-security.ts";

/** Tells one network from another. */
export interface WifiNetwork {
  /** 1 to 32 bytes. */
  readonly ssid: Buffer;
  readonly securityClass: SecurityClass;
}

/** The name of its entry in Profiles; equal for the same network. */
export const wifiId = ({ ssid, securityClass }: WifiNetwork): string =>
  `wifi_any_${ssid.toString("hex")}_managed_${securityClass}`;

/** Undefined: no entry of a network that we know how to name. */
export function networkOfEntry(entry: string): WifiNetwork | undefined {
  const [, hex = "", word = ""] = /^wifi_[^_]+_((?:[0-9a-f]{2}){1,32})_managed_(\w+)$/i.exec(entry) ?? [];
  const securityClass = securityClasses.find((known) => known === word);
  return securityClass === undefined ? undefined : { ssid: Buffer.from(hex, "hex"), securityClass };
}

/** Undefined for an access point that cannot be joined: hidden, ad hoc, or with a name that begins with a zero byte. */
export function networkOfBss({ ssid, mode, security }: Bss): WifiNetwork | undefined {
  if (mode !== "infrastructure" || ssid.length === 0 || ssid[0] === 0) return undefined;
  return { ssid, securityClass: securityClassOf(security) };
}

/** Security words of clients by the class they are of; a class is its own word. */
const classOfSecurity = (word: string): SecurityClass | undefined => {
  if (word.endsWith("-ent")) return "802_1x";
  if (/^(wpa|rsn)/.test(word)) return "psk";
  if (word === "owe" || word === "trans-owe") return "none";
  return securityClasses.find((known) => known === word);
};

/** The arguments of GetService and ConfigureService. Throws InvalidArguments, InvalidNetworkName. */
export function networkOfConfiguration(configuration: Configuration): WifiNetwork {
  if ((textOf(configuration, "Mode") ?? "managed") !== "managed") {
    throw new DaemonError("InvalidArguments", "invalid service mode");
  }
  const ssid = ssidIn(configuration);
  if (ssid.length === 0) throw new DaemonError("InvalidNetworkName", "SSID is too short");
  if (ssid.length > 32) throw new DaemonError("InvalidNetworkName", "SSID is too long");
  return { ssid, securityClass: securityIn(configuration) };
}
function ssidIn(configuration: Configuration): Buffer {
  const hex = textOf(configuration, "WiFi.HexSSID");
  const text = textOf(configuration, "SSID");
  if (hex !== undefined) {
    if (/^([0-9a-f]{2})*$/i.test(hex)) return Buffer.from(hex, "hex");
    throw new DaemonError("InvalidArguments", "WiFi.HexSSID is not hexadecimal");
  }
  if (text === undefined) throw new DaemonError("InvalidArguments", "must specify SSID");
  return Buffer.from(text);
}
function securityIn(configuration: Configuration): SecurityClass {
  const [security, wanted] = [textOf(configuration, "Security"), textOf(configuration, "SecurityClass")];
  const bySecurity = security === undefined ? undefined : classOfSecurity(security);
  if (security !== undefined && bySecurity === undefined) throw new DaemonError("InvalidArguments", "invalid security");
  const byClass = securityClasses.find((known) => known === wanted);
  if (wanted !== undefined && byClass === undefined)
    throw new DaemonError("InvalidArguments", "invalid security class");
  if (bySecurity !== undefined && byClass !== undefined && bySecurity !== byClass) {
    throw new DaemonError("InvalidArguments", "Security and SecurityClass do not agree");
  }
  return bySecurity ?? byClass ?? "none";
}
