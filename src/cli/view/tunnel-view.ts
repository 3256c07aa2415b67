/** Tunnels that are up: their links are no Devices, and belong to one Service each. */
import { tunnelLink } from "./setting-sources.ts";
import { asTexts, type BusObject, type Snapshot, textIn } from "./snapshot.ts";

export interface TunnelView {
  readonly link: string;
  readonly service: BusObject;
  /** Of both families, as `192.0.2.5/24`. */
  readonly addresses: readonly string[];
  readonly nameServers: readonly string[];
}

export const viewTunnels = ({ services }: Snapshot): readonly TunnelView[] =>
  services.flatMap((service) => {
    const link = tunnelLink(service);
    if (link === "") return [];
    const nameServers = asTexts(service.dictionary("NetworkConfig").get("NameServers")?.value);
    return [{ link, service, addresses: tunnelAddresses(service), nameServers }];
  });

export function tunnelAddresses(service: BusObject): readonly string[] {
  const config = service.dictionary("NetworkConfig");
  const all = [textIn(config, "IPv4Address"), ...asTexts(config.get("IPv6Addresses")?.value)];
  return all.filter((address) => address !== "");
}

export const plainTunnel = ({ service, ...view }: TunnelView) => ({ ...view, service: service.path });
