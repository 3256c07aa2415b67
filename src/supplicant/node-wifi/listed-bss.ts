/** Access points as nmcli lists them, as {@link Bss}. Pure; odd lines are left out. */
import type { Bss, BssMode } from "../supplicant.ts";
import type { ListedAccessPoint } from "./node-wifi.ts";

const modes: Readonly<Record<string, BssMode>> = { Infra: "infrastructure", "Ad-Hoc": "ad-hoc", Mesh: "mesh" };

/** nmcli's flags of key management, with the supplicant's names. */
const methods: Readonly<Record<string, string>> = {
  psk: "wpa-psk",
  sae: "sae",
  owe: "owe",
  "802.1X": "wpa-eap",
  eap_suite_b_192: "wpa-eap-suite-b-192",
};

/** Undefined for a line that is no access point. */
export function bssOf(point: ListedAccessPoint): Bss | undefined {
  if (!/^([0-9a-f]{2}:){5}[0-9a-f]{2}$/.test(point.bssid)) return undefined;
  if (!/^([0-9a-f]{2}){0,32}$/.test(point.ssid)) return undefined;
  return {
    id: point.bssid,
    ssid: Buffer.from(point.ssid, "hex"),
    bssid: point.bssid,
    mode: Object.hasOwn(modes, point.mode) ? (modes[point.mode] as BssMode) : "other",
    security: { wpa: methodsOf(point.wpa), rsn: methodsOf(point.rsn), isPrivate: point.security !== "" },
    signalDbm: dbmOf(point.qualityPercent),
    frequencyMhz: point.frequencyMhz,
  };
}

const methodsOf = (flags: readonly string[]): readonly string[] =>
  flags.flatMap((flag) => (Object.hasOwn(methods, flag) ? [methods[flag] as string] : []));

/** NetworkManager makes 0 percent of -100 dBm and 100 of -40; this undoes it. */
const dbmOf = (percent: number): number => Math.round(-100 + 0.6 * Math.min(100, Math.max(0, percent)));
