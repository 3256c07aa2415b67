/** Methods of the Manager for a DNS proxy beside us (shill's doc/manager-api.txt). */

import { proxyAddresses } from "../manager/dns-proxy.ts";
import type { Manager } from "../manager/manager.ts";
import { args, type MethodEntry } from "./interface-table.ts";

export const managerDnsMethods = {
  SetDNSProxyAddresses: {
    in: args({ addresses: "as" }),
    out: [],
    doc:
      "Addresses of a DNS proxy: they take the place of the network's name servers in the resolver file while the default " +
      "Service is online. A list with something else in it ends that, as an empty one does.",
    errors: ["InvalidArguments", "PermissionDenied"],
    right: "settings",
    call: ({ connectivity }, [addresses]) => {
      connectivity.replaceNameServers([]);
      connectivity.replaceNameServers(proxyAddresses(addresses as readonly string[]));
      return undefined;
    },
  },
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
  SetDNSProxyDOHProviders: {
    in: args({ providers: "a{sv}" }),
    out: [],
    doc: "Sets DNSProxyDOHProviders.",
    errors: ["InvalidArguments", "PermissionDenied"],
    right: "settings",
    call: (manager, [providers]) => {
      manager.setProperty("DNSProxyDOHProviders", providers);
      return undefined;
    },
  },
} satisfies Readonly<Record<string, MethodEntry<Manager>>>;
