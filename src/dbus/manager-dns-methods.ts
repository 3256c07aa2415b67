/** Methods of the Manager for a DNS proxy beside us (shill's doc/manager-api.txt). */

import { proxyAddresses } from "../manager/dns-proxy.ts";
import type { Manager } from "../manager/manager.ts";
import { type MethodEntry, methodOf } from "./interface-table.ts";

const method = methodOf<Manager>();

export const managerDnsMethods = {
  SetDNSProxyAddresses: method({
    in: { addresses: "as" },
    out: [],
    doc:
      "Addresses of a DNS proxy: they take the place of the network's name servers in the resolver file while the default " +
      "Service is online. A list with something else in it ends that, as an empty one does.",
    errors: ["InvalidArguments", "PermissionDenied"],
    right: "settings",
    call: ({ connectivity }, { addresses }) => {
      connectivity.replaceNameServers([]);
      connectivity.replaceNameServers(proxyAddresses(addresses));
      return undefined;
    },
  }),
  ClearDNSProxyAddresses: {
    in: [],
    out: [],
    doc: "The resolver file has the network's own name servers again.",
    errors: ["PermissionDenied"],
    right: "settings",
    call: ({ connectivity }) => {
      connectivity.replaceNameServers([]);
      return undefined;
    },
  },
  SetDNSProxyDOHProviders: method({
    in: { providers: "a{sv}" },
    out: [],
    doc: "Sets DNSProxyDOHProviders.",
    errors: ["InvalidArguments", "PermissionDenied"],
    right: "settings",
    call: ({ settings }, { providers }) => {
      settings.setProperty("DNSProxyDOHProviders", providers);
      return undefined;
    },
  }),
} satisfies Readonly<Record<string, MethodEntry<Manager>>>;
