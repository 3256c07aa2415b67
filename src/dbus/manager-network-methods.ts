/** Methods of the Manager about connectivity as a whole (shill's doc/manager-api.txt). */
import { DaemonError } from "../base/errors.ts";
import type { WireVariant } from "../base/property.ts";
import type { Manager } from "../manager/manager.ts";
import { isConnected } from "../services/connect-states.ts";
import { args, type MethodEntry, methodOf } from "./interface-table.ts";

const method = methodOf<Manager>();

type GeolocationKey = "wifiAccessPoints" | "cellTowers";

function geolocation(what: string, ...keys: readonly GeolocationKey[]): MethodEntry<Manager> {
  const none = new Map(keys.map((key): [string, WireVariant] => [key, { signature: "aa{ss}", value: [] }]));
  return {
    in: [],
    out: args({ networks: "a{sv}" }),
    doc: `${what} in reach, for finding out where the machine is, under ${keys.join(" and ")}; none without a radio.`,
    right: "read",
    call: () => [none],
  };
}

export const managerNetworkMethods = {
  ScanAndConnectToBestServices: {
    in: [],
    out: [],
    doc:
      "Connects the best Service of each technology, in a later turn; one on a worse Service changes over. " +
      "Passes over Services that a client disconnected.",
    errors: ["PermissionDenied"],
    right: "control",
    call: ({ autoConnector }) => {
      autoConnector.connectBest();
      return undefined;
    },
  },
  RecheckPortal: {
    in: [],
    out: [],
    doc: "Looks anew whether connected networks lead to the internet, as RequestPortalDetection does for each Service.",
    errors: ["PermissionDenied"],
    right: "control",
    call: ({ services }) => {
      for (const { state, validation } of services.all) if (isConnected(state)) validation.request();
      return undefined;
    },
  },
  CreateConnectivityReport: {
    in: [],
    out: [],
    doc: "Writes to the log how each connected Device stands: addresses, gateway and its neighbour entry, name servers, rank.",
    errors: ["PermissionDenied"],
    right: "control",
    call: async ({ connectivity, devices }) => {
      await connectivity.report(devices);
      return undefined;
    },
  },
  SetNetworkThrottlingStatus: method({
    in: { enabled: "b", upload_rate_kbits: "u", download_rate_kbits: "u" },
    out: [],
    doc:
      "Limits the traffic of each connected link, also of those that connect later, in kilobits (1000) per second; 0 leaves " +
      "that direction as it is. Disabled: no limit. Answers when all obey; refused, everything is as before. Ends with the daemon.",
    errors: ["InvalidArguments", "NotSupported", "Failure", "PermissionDenied"],
    right: "control",
    call: async ({ throttling }, { enabled, upload_rate_kbits: upload, download_rate_kbits: download }) => {
      const limits = { uploadKbps: upload, downloadKbps: download };
      await throttling.set(enabled ? limits : undefined);
      return undefined;
    },
  }),
  NotifyDHCPEvent: method({
    in: { event: "a{ss}" },
    out: [],
    doc: "From the hook of an external DHCP client. Events of a client that Fairlead did not start are of no account.",
    errors: ["PermissionDenied"],
    right: "settings",
    call: ({ deviceRegistry: { log } }, { event }) => {
      const pid = event.get("Pid") ?? "";
      log.info(`a DHCP client of somebody else (process ${/^\d{1,10}$/.exec(pid)?.[0] ?? "unknown"}) has news`);
      return undefined;
    },
  }),
  GetNetworksForGeolocation: geolocation("Access points and cells", "wifiAccessPoints", "cellTowers"),
  GetWiFiNetworksForGeolocation: geolocation("Access points", "wifiAccessPoints"),
  GetCellularNetworksForGeolocation: geolocation("Cells", "cellTowers"),
  SetLOHSEnabled: method({
    in: { enabled: "b" },
    out: args({ result: "s" }),
    doc: "A hotspot for this machine only. There is none: the answer is the name of the error NotImplemented.",
    right: "read",
    call: () => ["org.chromium.flimflam.Error.NotImplemented"],
  }),
  SetCapportEnabled: method({
    in: { enabled: "b" },
    out: [],
    doc: "Whether networks are asked for their captive portal's address (RFC 8908). None is: portals are found by probes.",
    errors: ["PermissionDenied"],
    right: "settings",
    call: () => undefined,
  }),
  TestHostsConnectivity: method({
    in: { hosts: "as", options: "a{sv}" },
    out: args({ results: "ay" }),
    doc: "A test of ChromeOS, whose answer is a message of its own format. Always NotImplemented.",
    errors: ["NotImplemented"],
    right: "read",
    call: () => {
      throw new DaemonError("NotImplemented", "Hosts are not tested here");
    },
  }),
} satisfies Readonly<Record<string, MethodEntry<Manager>>>;
