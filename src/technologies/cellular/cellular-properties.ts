/** Properties of mobile networks (shill's service-api.txt), and their rows in Profiles. */
import { PropertyShape, type PropertyTable, propertyTable } from "../../base/property.ts";
import type { Modem } from "../../modem/modem.ts";
import type { Service } from "../../services/service.ts";
import { serviceProperties } from "../../services/service-properties.ts";
import { type Apn, checkApn, keepingPassword, noApn, withoutPassword } from "./cellular-apn.ts";

/** A SIM's Service, as its properties see it. */
export interface CellularFacts extends Service {
  readonly iccid: string;
  /** With the password. */
  apn: Apn;
  lastGoodApn: Apn;
  readonly modem: Modem | undefined;
}

const cellularServiceProperties = propertyTable<CellularFacts>()({
  "Cellular.ActivationState": {
    signature: "s",
    doc: "Whether the subscription is in force: activated once the network lets the SIM in, else unknown.",
    get: ({ modem }) => (modem?.registration === "home" || modem?.registration === "roaming" ? "activated" : "unknown"),
  },
  "Cellular.APN": {
    signature: "a{ss}",
    doc:
      "The access point to connect to: apn, username, password, ip_type (ipv4, ipv6, ipv4v6; absent: as the modem likes); " +
      "other keys are kept. Empty: the one that the network gives to everybody. The password is never readable; set " +
      "without one, the one of the same apn and username stays. In force with the next connection.",
    get: (service) => withoutPassword(service.apn),
    set: (service, value) => {
      checkApn(value);
      service.apn = keepingPassword(value, service.apn);
    },
    clear: (service) => {
      service.apn = noApn;
    },
    persist: {
      default: noApn,
      save: ({ apn, saveCredentials }) => (apn.size === 0 ? undefined : saveCredentials ? apn : withoutPassword(apn)),
      restore: (service, value) => {
        checkApn(value);
        service.apn = value;
      },
    },
  },
  "Cellular.ICCID": { signature: "s", doc: "Number of the SIM.", get: (service) => service.iccid },
  "Cellular.IMSI": {
    signature: "s",
    doc: "Number of the subscription; empty while the SIM is not there, or locked.",
    get: ({ modem }) => modem?.sim?.imsi ?? "",
  },
  "Cellular.LastGoodAPN": {
    signature: "a{ss}",
    doc: "The access point of the last connection that worked, without its password.",
    get: (service) => service.lastGoodApn,
    persist: {
      default: noApn,
      restore: (service, value) => {
        service.lastGoodApn = withoutPassword(value);
      },
    },
  },
  "Cellular.NetworkTechnology": {
    signature: "s",
    doc: "1xRTT, EVDO, GSM, GPRS, EDGE, UMTS, HSPA, HSPA+, LTE, 5GNR; empty: none.",
    get: ({ modem }) => modem?.networkTechnology ?? "",
  },
  "Cellular.RoamingState": {
    signature: "s",
    doc: "home, roaming, or unknown.",
    get: ({ modem }) => {
      const registration = modem?.registration;
      return registration === "home" || registration === "roaming" ? registration : "unknown";
    },
  },
  "Cellular.ServingOperator": {
    signature: "a{ss}",
    doc: "The network that it is registered with: code (MCC and MNC), name. Empty: none.",
    get: ({ modem }) => operatorOf(modem?.operatorCode, modem?.operatorName),
  },
});

export function operatorOf(code = "", name = ""): ReadonlyMap<string, string> {
  const entries = [
    ["code", code],
    ["name", name],
  ] as const;
  return new Map(entries.filter(([, text]) => text !== ""));
}

/** Properties that follow from the modem. */
export const modemProperties = [
  "Name",
  "Connectable",
  "Visible",
  "Strength",
  "Cellular.ActivationState",
  "Cellular.IMSI",
  "Cellular.NetworkTechnology",
  "Cellular.RoamingState",
  "Cellular.ServingOperator",
] as const;

export const cellularServiceShape = new PropertyShape<Service>({
  ...serviceProperties,
  ...cellularServiceProperties,
} as unknown as PropertyTable<Service>);
