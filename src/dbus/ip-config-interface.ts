import { DaemonError } from "../base/errors.ts";
import { PropertyShape, PropertyStore, propertyTable } from "../base/property.ts";
import type { IpConfig } from "../network/ip-config.ts";
import { interfaceTable } from "./interface-table.ts";
import { clearPropertyMethod, propertyChanged, propertyMethods } from "./property-methods.ts";

/** One family's addressing on one link, as clients see it (shill's doc/ipconfig-api.txt). Everything is read-only. */
export class IpConfigView {
  readonly properties: PropertyStore<IpConfigView>;
  constructor(public config: IpConfig) {
    this.properties = new PropertyStore<IpConfigView>(this, ipConfigShape);
  }
  /** Address and NameServers are told at every refresh, whether they changed or not: clients wait for them. */
  update(config: IpConfig): void {
    this.config = config;
    this.properties.touchAll();
    for (const name of ["Address", "NameServers"]) this.properties.retell(name);
  }
  setProperty(): void {
    throw new DaemonError("InvalidArguments", "Property is read-only");
  }
}

const ipConfigShape = new PropertyShape<IpConfigView>(
  propertyTable<IpConfigView>()({
    Address: { signature: "s", doc: "Without prefix length; empty at first.", get: ({ config }) => config.address },
    Gateway: { signature: "s", doc: "0.0.0.0 or :: when there is none.", get: ({ config }) => config.gateway },
    Method: { signature: "s", doc: "dhcp, ipv4 (static) or ipv6.", get: ({ config }) => config.method },
    Mtu: { signature: "i", doc: "Bytes; 0: not known.", get: ({ config }) => config.mtu },
    NameServers: { signature: "as", doc: "Of this family only.", get: ({ config }) => config.nameServers },
    Prefixlen: {
      signature: "i",
      doc: "Length of the network part, in bits.",
      get: ({ config }) => config.prefixLength,
    },
    SearchDomains: { signature: "as", doc: "For names without a dot.", get: ({ config }) => config.searchDomains },
    WebProxyAutoDiscoveryUrl: {
      signature: "s",
      doc: "Where the network says a proxy configuration lies (DHCP option 252).",
      get: ({ config }) => config.webProxyAutoDiscoveryUrl,
    },
  }),
);

export const ipConfigInterface = interfaceTable<IpConfigView>({
  name: "org.chromium.flimflam.IPConfig",
  doc: "The addressing of one family on one link.",
  properties: ipConfigShape,
  signals: propertyChanged,
  methods: {
    ...propertyMethods<IpConfigView>(),
    ...clearPropertyMethod<IpConfigView>(),
    Remove: {
      in: [],
      out: [],
      doc: "Not possible.",
      errors: ["NotImplemented", "PermissionDenied"],
      right: "settings",
      call: () => {
        throw new DaemonError("NotImplemented");
      },
    },
  },
});
