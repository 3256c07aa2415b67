/** BSS objects of wpa_supplicant (fi.w1.wpa_supplicant1.BSS) as {@link Bss}. Pure; odd values read as absent. */
import { formatMac } from "../base/ip-address.ts";
import type { WireVariant } from "../base/property.ts";
import { type RemoteObject, remoteInterface } from "../bus/remote-objects.ts";
import type { Bss, BssMode } from "./supplicant.ts";

export const bssInterface = remoteInterface("fi.w1.wpa_supplicant1.BSS", {
  SSID: "ay",
  BSSID: "ay",
  Mode: "s",
  Privacy: "b",
  Signal: "n",
  Frequency: "q",
  WPA: "a{sv}",
  RSN: "a{sv}",
});

const modes: Readonly<Record<string, BssMode>> = {
  infrastructure: "infrastructure",
  "ad-hoc": "ad-hoc",
  mesh: "mesh",
};
const macLength = 6;
const longestSsid = 32;

/** Undefined for an object without an address: there is nothing to connect to. */
export function bssOf(object: RemoteObject): Bss | undefined {
  const bssid = object.get(bssInterface, "BSSID");
  const ssid = object.get(bssInterface, "SSID") ?? Buffer.alloc(0);
  if (bssid?.length !== macLength || ssid.length > longestSsid) return undefined;
  const mode = object.get(bssInterface, "Mode") ?? "";
  return {
    id: object.path,
    ssid: Buffer.from(ssid),
    bssid: formatMac(bssid, 0, macLength),
    mode: Object.hasOwn(modes, mode) ? (modes[mode] as BssMode) : "other",
    security: {
      wpa: keyManagement(object.get(bssInterface, "WPA")),
      rsn: keyManagement(object.get(bssInterface, "RSN")),
      isPrivate: object.get(bssInterface, "Privacy") ?? false,
    },
    signalDbm: object.get(bssInterface, "Signal") ?? 0,
    frequencyMhz: object.get(bssInterface, "Frequency") ?? 0,
  };
}

function keyManagement(protocol: ReadonlyMap<string, WireVariant> | undefined): readonly string[] {
  const found = protocol?.get("KeyMgmt");
  return found?.signature === "as" ? (found.value as readonly string[]) : [];
}
