/** Properties of accounts for PPPoE, named as in older shills, and their rows in Profiles. */
import { DaemonError } from "../../base/errors.ts";
import { PropertyShape, type PropertyTable, propertyTable } from "../../base/property.ts";
import { defaultKeepalive } from "../../network/protocols/ppp/pppd-options.ts";
import type { Service } from "../../services/service.ts";
import { serviceProperties } from "../../services/service-properties.ts";

/** An account's Service, as its properties see it. */
export interface PppoeFacts extends Service {
  userName: string;
  /** Secret; empty: none is known. */
  password: string;
  echoFailures: number;
  echoIntervalSeconds: number;
}

/** pppd(8) takes 255 bytes. Throws InvalidArguments. */
export function checkLine(name: string, value: string): string {
  if (Buffer.byteLength(value) <= 255 && !/\p{Cc}/u.test(value)) return value;
  throw new DaemonError("InvalidArguments", `${name} is one line of at most 255 bytes`);
}
function checkCount(name: string, value: number, least: number): number {
  if (value >= least && value <= 3600) return value;
  throw new DaemonError("InvalidArguments", `${name} is a number from ${least} to 3600`);
}

const pppoeProperties = propertyTable<PppoeFacts>()({
  "PPPoE.LCPEchoFailure": {
    signature: "i",
    doc: "Unanswered LCP echo requests after which the other end counts as gone; 0: none is sent. In force with the next connection.",
    get: (service) => service.echoFailures,
    set: (service, value) => {
      service.echoFailures = checkCount("PPPoE.LCPEchoFailure", value, 0);
    },
    persist: {
      default: defaultKeepalive.failures,
      restore: (service, value) => {
        service.echoFailures = checkCount("PPPoE.LCPEchoFailure", value, 0);
      },
    },
  },
  "PPPoE.LCPEchoInterval": {
    signature: "i",
    doc: "Seconds between two LCP echo requests. In force with the next connection.",
    get: (service) => service.echoIntervalSeconds,
    set: (service, value) => {
      service.echoIntervalSeconds = checkCount("PPPoE.LCPEchoInterval", value, 1);
    },
    persist: {
      default: defaultKeepalive.intervalSeconds,
      restore: (service, value) => {
        service.echoIntervalSeconds = checkCount("PPPoE.LCPEchoInterval", value, 1);
      },
    },
  },
  "PPPoE.Password": {
    signature: "s",
    doc: "The account's password; never readable. In force with the next connection.",
    isSecret: true,
    get: (service) => service.password,
    set: (service, value) => {
      service.password = checkLine("PPPoE.Password", value);
    },
    clear: (service) => {
      service.password = "";
    },
    persist: {
      default: "",
      save: ({ password, saveCredentials }) => (saveCredentials && password !== "" ? password : undefined),
      restore: (service, value) => {
        service.password = checkLine("PPPoE.Password", value);
      },
    },
  },
  "PPPoE.Username": {
    signature: "s",
    doc: "The account's user name, by which it is known; it cannot be changed.",
    get: (service) => service.userName,
    set: (service, value) => {
      if (value !== service.userName) {
        throw new DaemonError(
          "InvalidArguments",
          `${service.label} is another account's; one of its own is made for each user name`,
        );
      }
    },
    persist: {
      default: "",
      // A temporary one is made before its entry is read.
      restore: (service, value, isStored) => {
        if (isStored) service.userName = service.name = checkLine("PPPoE.Username", value);
      },
    },
  },
});

/** Properties that follow from cables that come and go. */
export const cableProperties = ["Connectable", "Visible"] as const;

export const pppoeShape = new PropertyShape<Service>({
  ...serviceProperties,
  ...pppoeProperties,
} as unknown as PropertyTable<Service>);
