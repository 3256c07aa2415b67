/** Properties of networks in the air (shill's service-api.txt), and their rows in Profiles. */
import { DaemonError } from "../../base/errors.ts";
import { PropertyShape, type PropertyTable, propertyTable } from "../../base/property.ts";
import type { Service } from "../../services/service.ts";
import { serviceProperties } from "../../services/service-properties.ts";
import type { Bss } from "../../supplicant/supplicant.ts";
import { checkPassphrase, type SecurityClass } from "./wifi-security.ts";

/** A network's Service, as its properties see it. */
export interface WifiFacts extends Service {
  readonly ssid: Buffer;
  readonly securityClass: SecurityClass;
  readonly security: string;
  readonly endpoint: Bss | undefined;
  readonly endpoints: ReadonlyMap<string, Bss>;
  passphrase: string;
  isHidden: boolean;
  suspectedFailures: number;
}

const unknownRssi = -32_768;

const wifiServiceProperties = propertyTable<WifiFacts>()({
  Mode: { signature: "s", doc: "managed: through an access point.", get: () => "managed" },
  Passphrase: {
    signature: "s",
    doc: "The key of a network of class psk: 8 to 63 characters, or 64 hexadecimal digits. Never readable.",
    isSecret: true,
    get: (service) => service.passphrase,
    set: (service, value) => {
      if (service.securityClass !== "psk") {
        throw new DaemonError("IllegalOperation", `${service.label} takes no passphrase`);
      }
      checkPassphrase(value);
      if (value !== service.passphrase) service.hasEverConnected = false;
      service.passphrase = value;
      service.suspectedFailures = 0;
      service.technologyChanged();
    },
    clear: (service) => {
      service.passphrase = "";
      service.technologyChanged();
    },
    persist: {
      default: "",
      restore: (service, value) => {
        service.passphrase = value;
      },
    },
  },
  PassphraseRequired: {
    signature: "b",
    doc: "Whether a passphrase is needed that is not known.",
    get: (service) => (service.securityClass === "psk" || service.securityClass === "wep") && service.passphrase === "",
  },
  Security: {
    signature: "s",
    doc: "Security of its access points: none, wep, wpa, wpa2, wpa3, wpa+wpa2, wpa2+wpa3, wpa-all, owe, trans-owe, and those with -ent for 802.1X; empty when none was seen.",
    get: (service) => service.security,
  },
  SecurityClass: {
    signature: "s",
    doc: "Credentials needed to join: none, wep, psk, 802_1x.",
    get: (service) => service.securityClass,
  },
  "WiFi.BSSID": {
    signature: "s",
    doc: "The access point that it is connected to, or else the strongest; empty when none is in range.",
    get: (service) => service.endpoint?.bssid ?? "",
  },
  "WiFi.Frequency": {
    signature: "q",
    doc: "MHz, of the access point WiFi.BSSID; 0: none is in range.",
    get: (service) => service.endpoint?.frequencyMhz ?? 0,
  },
  "WiFi.FrequencyList": {
    signature: "aq",
    doc: "MHz, of all its access points in range, ascending.",
    get: (service) =>
      [...new Set([...service.endpoints.values()].map(({ frequencyMhz }) => frequencyMhz))].sort((a, b) => a - b),
  },
  "WiFi.HexSSID": {
    signature: "s",
    doc: "The bytes of its name, in upper-case hexadecimal.",
    get: (service) => service.ssid.toString("hex").toUpperCase(),
  },
  "WiFi.HiddenSSID": {
    signature: "b",
    doc: "Whether its access points do not tell its name, so that it has to be asked for.",
    get: (service) => service.isHidden,
    set: (service, value) => {
      service.isHidden = value;
    },
    persist: {
      default: false,
      restore: (service, value) => {
        service.isHidden = value;
      },
    },
  },
  "WiFi.SignalStrengthRssi": {
    signature: "i",
    doc: "dBm, of the access point WiFi.BSSID; -32768 when none is in range.",
    get: (service) => service.endpoint?.signalDbm ?? unknownRssi,
  },
});

/** A network's properties that follow from its access points in range. */
export const airProperties = [
  "Connectable",
  "PassphraseRequired",
  "Security",
  "Strength",
  "Visible",
  "WiFi.BSSID",
  "WiFi.Frequency",
  "WiFi.FrequencyList",
  "WiFi.SignalStrengthRssi",
] as const;

export const wifiServiceShape = new PropertyShape<Service>({
  ...serviceProperties,
  ...wifiServiceProperties,
} as unknown as PropertyTable<Service>);
