/**
 * Objects of ModemManager as {@link Modem}. Pure; odd values read as absent, as they come from firmware and from the
 * air.
 */
import { addressBits, familyOf, formatIpAddress, type IpFamily, parseIpAddress } from "../base/ip-address.ts";
import { isLinkName } from "../base/names.ts";
import type { WireVariant } from "../base/property.ts";
import type { RemoteObject } from "../bus/remote-objects.ts";
import { mmBearer, mmModem, mmModem3gpp, mmSim } from "./mm-interfaces.ts";
import { failureOf, ipMethods, lockOf, netPort, registrationOf, stateOf, technologyOf } from "./mm-words.ts";
import type { Bearer, BearerAddressing, Modem, Sim } from "./modem.ts";

const longestText = 64;
/** ITU-T E.118 has 19 or 20 digits; some cards end in a letter. */
const longestIccid = 22;
/** More than any modem has. */
const mostPorts = 32;

// biome-ignore lint/suspicious/noControlCharactersInRegex: the pattern takes them out
const unprintable = /[\u0000-\u001f\u007f-\u009f]/g;
const plainText = (text: string | undefined): string =>
  (text ?? "").replaceAll(unprintable, "").trim().slice(0, longestText);

export function simOf(object: RemoteObject): Sim {
  const text = (name: "Imsi" | "OperatorIdentifier" | "OperatorName") => plainText(object.get(mmSim, name));
  return {
    iccid: iccidOf(object.get(mmSim, "SimIdentifier") ?? ""),
    imsi: text("Imsi"),
    operatorCode: text("OperatorIdentifier"),
    operatorName: text("OperatorName"),
  };
}
/** Part of the name of an entry: nothing else than letters and digits gets into it. */
const iccidOf = (text: string): string => (/^[\dA-Za-z]+$/.test(text) ? text.slice(0, longestIccid) : "");

export function bearerOf(object: RemoteObject): Bearer {
  const [ipv4, ipv6] = [object.get(mmBearer, "Ip4Config"), object.get(mmBearer, "Ip6Config")];
  return {
    id: object.path,
    portName: plainText(object.get(mmBearer, "Interface")),
    isConnected: object.get(mmBearer, "Connected") ?? false,
    ipv4: addressingOf(4, ipv4),
    ipv6: addressingOf(6, ipv6),
    nameServers: [...nameServersOf(4, ipv4), ...nameServersOf(6, ipv6)],
    mtu: mtuOf(ipv4) ?? mtuOf(ipv6),
  };
}

type IpConfig = ReadonlyMap<string, WireVariant> | undefined;

function entryOf(config: IpConfig, name: string, signature: "s" | "u"): unknown {
  const found = config?.get(name);
  return found?.signature === signature ? found.value : undefined;
}
function addressIn(config: IpConfig, name: string, family: IpFamily): string | undefined {
  const text = entryOf(config, name, "s") as string | undefined;
  return text === undefined || familyOf(text) !== family ? undefined : formatIpAddress(family, parseIpAddress(text));
}
function addressingOf(family: IpFamily, config: IpConfig): BearerAddressing {
  const method = entryOf(config, "method", "u");
  if (method === ipMethods.ppp) return { method: "ppp" };
  if (method === ipMethods.dhcp) return { method: "dhcp" };
  if (method !== ipMethods.static) return { method: "none" };
  const address = addressIn(config, "address", family);
  const prefixLength = entryOf(config, "prefix", "u") as number | undefined;
  if (address === undefined || prefixLength === undefined || prefixLength > addressBits(family)) {
    return { method: "none" };
  }
  return { method: "static", address, prefixLength, gateway: addressIn(config, "gateway", family) };
}
const nameServersOf = (family: IpFamily, config: IpConfig): readonly string[] =>
  ["dns1", "dns2", "dns3"].map((name) => addressIn(config, name, family)).filter((server) => server !== undefined);
/** Smallest MTU that RFC 791 lets a link have. */
const smallestMtu = 68;
function mtuOf(config: IpConfig): number | undefined {
  const mtu = entryOf(config, "mtu", "u") as number | undefined;
  return mtu !== undefined && mtu >= smallestMtu && mtu <= 0xffff ? mtu : undefined;
}

export function modemOf(object: RemoteObject, sim: Sim | undefined, bearers: readonly Bearer[]): Modem {
  type TextName = "EquipmentIdentifier" | "Manufacturer" | "Model" | "Revision" | "PrimaryPort";
  const text = (name: TextName) => plainText(object.get(mmModem, name));
  return {
    id: object.path,
    equipmentId: text("EquipmentIdentifier"),
    manufacturer: text("Manufacturer"),
    model: text("Model"),
    revision: text("Revision"),
    devicePath: (object.get(mmModem, "Device") ?? "").slice(0, 256),
    primaryPort: text("PrimaryPort"),
    netPorts: netPortsOf(object),
    state: stateOf(object.get(mmModem, "State")),
    failure: failureOf(object.get(mmModem, "StateFailedReason")),
    lock: lockOf(object.get(mmModem, "UnlockRequired")),
    unlockRetries: retriesOf(object),
    signalPercent: Math.min(100, object.get(mmModem, "SignalQuality")?.[0] ?? 0),
    networkTechnology: technologyOf(object.get(mmModem, "AccessTechnologies")),
    registration: registrationOf(object.get(mmModem3gpp, "RegistrationState")),
    operatorCode: plainText(object.get(mmModem3gpp, "OperatorCode")),
    operatorName: plainText(object.get(mmModem3gpp, "OperatorName")),
    sim,
    bearers,
  };
}
const netPortsOf = (object: RemoteObject): readonly string[] =>
  (object.get(mmModem, "Ports") ?? [])
    .slice(0, mostPorts)
    .filter(([name, kind]) => kind === netPort && isLinkName(name))
    .map(([name]) => name);
function retriesOf(object: RemoteObject): number | undefined {
  const lock = object.get(mmModem, "UnlockRequired");
  return lock === undefined ? undefined : object.get(mmModem, "UnlockRetries")?.get(lock);
}
