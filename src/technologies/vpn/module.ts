import type { TechnologyModule } from "../../providers/technology-module.ts";
import { vpnShape } from "./vpn-properties.ts";
import { VpnProvider } from "./vpn-provider.ts";

/** Tunnels over other networks. The first kind is WireGuard, which the kernel has itself. */
export const vpn: TechnologyModule = {
  services: [{ technology: "vpn", shape: vpnShape }],
  makeProviders: (host, ports) => [new VpnProvider(host, ports)],
};
