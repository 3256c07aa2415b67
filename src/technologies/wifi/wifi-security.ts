/** Security of access points in the words of shill's service-api.txt: Security, SecurityClass, keys, strength. Pure. */
import { DaemonError } from "../../base/errors.ts";
import type { BssSecurity } from "../../supplicant/supplicant.ts";

/** Kind of credentials that joining needs: networks of one name and class are one Service. */
export const securityClasses = ["none", "wep", "psk", "802_1x"] as const;
export type SecurityClass = (typeof securityClasses)[number];

type Method = "psk" | "sae" | "eap" | "owe";

function methodsOf(names: readonly string[]): ReadonlySet<Method> {
  const found = new Set<Method>();
  for (const name of names) {
    if (name.includes("psk")) found.add("psk");
    else if (name.includes("sae")) found.add("sae");
    else if (name.includes("eap")) found.add("eap");
    else if (name.includes("owe")) found.add("owe");
  }
  return found;
}

/** The easiest one where an access point offers several. */
export function securityClassOf({ wpa, rsn, isPrivate }: BssSecurity): SecurityClass {
  const methods = methodsOf([...wpa, ...rsn]);
  if (methods.has("psk") || methods.has("sae")) return "psk";
  if (methods.has("eap")) return "802_1x";
  // Enhanced Open is encrypted and asks for nothing.
  return isPrivate && !methods.has("owe") ? "wep" : "none";
}

/** Of all access points of a network together; empty: none was seen yet. */
export function securityOf(all: readonly BssSecurity[], securityClass: SecurityClass): string {
  if (all.length === 0) return "";
  const [wpa, rsn] = [methodsOf(all.flatMap((one) => one.wpa)), methodsOf(all.flatMap((one) => one.rsn))];
  switch (securityClass) {
    case "none":
      return rsn.has("owe") ? (all.some((one) => one.rsn.length === 0) ? "trans-owe" : "owe") : "none";
    case "wep":
      return "wep";
    case "psk":
      return protocolsOf(wpa.has("psk"), rsn.has("psk"), rsn.has("sae"));
    case "802_1x":
      return `${protocolsOf(wpa.has("eap"), rsn.has("eap"), false)}-ent`;
  }
}
function protocolsOf(wpa: boolean, wpa2: boolean, wpa3: boolean): string {
  if (wpa && wpa3) return "wpa-all";
  return [wpa && "wpa", wpa2 && "wpa2", wpa3 && "wpa3"].filter((word) => word !== false).join("+");
}

/** Percent: -88 dBm and less is nothing, -44 and more is all. */
export function strengthOf(signalDbm: number): number {
  if (signalDbm <= -88) return 0;
  if (signalDbm > -44) return 100;
  return Math.trunc((25 * signalDbm) / 11) + 200;
}

/**
 * The key of a network of class psk: 8 to 63 printable characters, or 64 hexadecimal digits. Throws InvalidPassphrase.
 */
export function checkPassphrase(passphrase: string): void {
  if (/^[\x20-\x7e]{8,63}$/.test(passphrase) || isRawKey(passphrase)) return;
  throw new DaemonError(
    "InvalidPassphrase",
    "a passphrase has 8 to 63 printable characters, or is 64 hexadecimal digits",
  );
}
export const isRawKey = (passphrase: string): boolean => /^[0-9a-f]{64}$/i.test(passphrase);

const combining = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;
/**
 * A network's name for people: valid UTF-8 as it is, other bytes as in Latin-1, and nothing that would move the cursor.
 */
export function printableSsid(ssid: Buffer): string {
  const text = decoded(ssid).replaceAll(combining, "?");
  return text === "" ? "?" : text;
}
function decoded(ssid: Buffer): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(ssid);
  } catch {
    return ssid.toString("latin1");
  }
}
