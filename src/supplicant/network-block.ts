/** Arguments of wpa_supplicant's AddNetwork (a network block of wpa_supplicant.conf(5), as D-Bus variants). Pure. */
import { DaemonError } from "../base/errors.ts";
import type { WireVariant } from "../base/property.ts";
import type { RadioCapabilities, RadioKey, RadioNetwork } from "./supplicant.ts";

const text = (value: string): WireVariant => ({ signature: "s", value });
const number = (value: number): WireVariant => ({ signature: "i", value });
/** The supplicant puts bytes in hexadecimal, and text in quotes; so no name and no key needs escaping. */
const bytes = (value: Buffer): WireVariant => ({ signature: "ay", value });

/**
 * Management frames are protected where the access point can: SAE demands it, and old access points know nothing of it.
 */
const pmfOptional = 1;
/** Hash-to-element and the older way, as the access point likes. */
const saeBoth = 2;

/** Throws InvalidArguments for a network that no radio could ask for. */
export function networkBlock(
  { ssid, key, isHidden }: RadioNetwork,
  capabilities: Pick<RadioCapabilities, "sae">,
): ReadonlyMap<string, WireVariant> {
  if (ssid.length === 0 || ssid.length > 32) throw new DaemonError("InvalidNetworkName");
  const block = new Map<string, WireVariant>([["ssid", bytes(ssid)]]);
  if (isHidden) block.set("scan_ssid", number(1));
  for (const [name, value] of keyPart(key, capabilities)) block.set(name, value);
  return block;
}

function keyPart(key: RadioKey, { sae }: Pick<RadioCapabilities, "sae">): readonly (readonly [string, WireVariant])[] {
  switch (key.kind) {
    case "none":
      return [["key_mgmt", text("NONE")]];
    case "raw":
      if (key.key.length !== 32) throw new DaemonError("InvalidPassphrase");
      return [...personal("WPA-PSK WPA-PSK-SHA256"), ["psk", bytes(key.key)]];
    case "passphrase":
      return [
        ...personal(`WPA-PSK WPA-PSK-SHA256${sae ? " SAE" : ""}`),
        ...(sae ? ([["sae_password", text(key.passphrase)]] as const) : []),
        // A password of WPA3 may be shorter or longer than WPA2 allows; then the network is WPA3 only.
        ...(isWpa2Passphrase(key.passphrase) ? ([["psk", text(key.passphrase)]] as const) : []),
      ];
  }
}
const personal = (methods: string): readonly (readonly [string, WireVariant])[] => [
  ["key_mgmt", text(methods)],
  ["ieee80211w", number(pmfOptional)],
];

/** IEEE 802.11, J.4.1: 8 to 63 printable ASCII characters. */
const isWpa2Passphrase = (passphrase: string): boolean => /^[\x20-\x7e]{8,63}$/.test(passphrase);

/** For the supplicant as a whole. */
export const globalSettings: ReadonlyMap<string, string> = new Map([["SaePwe", String(saeBoth)]]);
