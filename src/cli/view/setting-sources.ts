/** Where the addressing of a Service comes from: laid down by a person, or offered by the network. */
import { gatewayOf } from "./ip-config-view.ts";
import { linkOfIpConfig } from "./object-names.ts";
import { asTexts, type BusObject, type Properties, type Snapshot, textIn } from "./snapshot.ts";

export interface RouteSource {
  readonly link: string;
  readonly gateway: string;
  readonly source: string;
}
export interface NameServerSource {
  readonly address: string;
  /** Empty: of no single link. */
  readonly link: string;
  readonly source: string;
}

const byPerson = "StaticIPConfig";
const byMethod: Readonly<Record<string, string>> = {
  dhcp: "DHCP",
  ipv4: "the link itself",
  ipv6: "router advertisements",
};
const networkOf = (config: BusObject): string => {
  const method = config.text("Method");
  return (Object.hasOwn(byMethod, method) ? byMethod[method] : undefined) ?? method;
};

const isIpv4 = (config: BusObject): boolean => config.text("Method") !== "ipv6";
const hasStatic = (service: BusObject, key: string): boolean => service.dictionary("StaticIPConfig").has(key);

/** Fixed addresses of IPv6 are on an interface of our own, and are set with those of IPv4. */
const staticIpv6 = (service: BusObject) => service.dictionary("StaticIPv6Config");
const isFixedIpv6 = (service: BusObject, address: string): boolean =>
  asTexts(staticIpv6(service).get("Addresses")?.value).some((cidr) => cidr.startsWith(`${address}/`));

export function addressSource(service: BusObject, config: BusObject): string {
  const isFixed = isIpv4(config) ? hasStatic(service, "Address") : isFixedIpv6(service, config.text("Address"));
  return isFixed ? byPerson : networkOf(config);
}

/** Of IPv4 a static address brings its own gateway or none; a static gateway may also stand alone. */
function gatewaySource(service: BusObject, config: BusObject): string {
  if (isIpv4(config)) return hasStatic(service, "Gateway") ? byPerson : addressSource(service, config);
  return staticIpv6(service).has("Gateway") ? byPerson : networkOf(config);
}

const configsOf = (service: BusObject, snapshot: Snapshot): readonly BusObject[] => {
  const device = snapshot.deviceOf(service);
  if (device) return snapshot.ipConfigsOf(device);
  const own = snapshot.at(service.reference("IPConfig"));
  return own ? [own] : [];
};
const linkOf = (service: BusObject, snapshot: Snapshot): string =>
  snapshot.deviceOf(service)?.text("Interface") ?? tunnelLink(service);
/** A tunnel has no Device; its link has no other place than the path of its IPConfig. Empty: no tunnel that is up. */
export const tunnelLink = (service: BusObject): string =>
  (service.reference("Device") === undefined && linkOfIpConfig(service.text("IPConfig"))) || "";

export function defaultRoutes(service: BusObject, snapshot: Snapshot): readonly RouteSource[] {
  const link = linkOf(service, snapshot);
  return configsOf(service, snapshot).flatMap((config) => {
    const gateway = gatewayOf(config);
    return gateway === "" ? [] : [{ link, gateway, source: gatewaySource(service, config) }];
  });
}

export function nameServers(service: BusObject, snapshot: Snapshot): readonly NameServerSource[] {
  const link = linkOf(service, snapshot);
  return configsOf(service, snapshot).flatMap((config) =>
    config.list("NameServers").map((address) => ({
      address,
      link,
      source: hasStatic(service, "NameServers") ? byPerson : networkOf(config),
    })),
  );
}

/** Those of a Location take the place of the network's own. */
export const locationServers = (location: Properties): readonly NameServerSource[] =>
  asTexts(location.get("NameServers")?.value).map((address) => ({
    address,
    link: "",
    source: `the Location ${textIn(location, "Name")}`,
  }));
