/** Effects of a new configuration on the one in force: netifd's table of a reload. Pure. */
import { isSameValue } from "../../base/property.ts";
import type { DeviceConfig, InterfaceConfig, NetworkConfig } from "./network-config.ts";

export type ChangeAction =
  | "add"
  | "remove"
  /** In force at once, with nothing taken down. */
  | "change live"
  /** Ports come and go; the others are not touched. */
  | "change ports"
  /** Nothing is touched; from now on it is brought up by itself. */
  | "start"
  /** One down, and one up. */
  | "rebuild";
export interface SectionChange {
  readonly kind: "interface" | "device";
  readonly name: string;
  readonly action: ChangeAction;
  /** The options that differ; empty where the whole section came or went. */
  readonly options: readonly string[];
}

/** Of an interface: they reach routes, order and resolver without a new start. */
const liveInterfaceOptions: ReadonlySet<string> = new Set([
  ...["metric", "defaultroute", "ip4table", "ip6table", "dns", "dns_search", "dns_metric", "peerdns"],
  ...["force_link", "carrier_loss_delay", "renew", "tags", "jail", "zone"],
  ...["delegate", "ip6assign", "ip6hint", "ip6class", "ip6ifaceid", "ip6weight", "routes"],
]);
const liveDeviceOptions: ReadonlySet<string> = new Set(["txqueuelen", "mtu6", "promisc"]);

/** Devices first: interfaces stand on them. */
export function differences(before: NetworkConfig, after: NetworkConfig): readonly SectionChange[] {
  return [
    ...compareSections("device", before.devices, after.devices, optionsOfDevice, deviceAction),
    ...compareSections("interface", before.interfaces, after.interfaces, optionsOfInterface, interfaceAction),
  ];
}

type Options = ReadonlyMap<string, unknown>;
function compareSections<T>(
  kind: SectionChange["kind"],
  before: ReadonlyMap<string, T>,
  after: ReadonlyMap<string, T>,
  optionsOf: (section: T) => Options,
  decide: (options: readonly string[], after: T) => ChangeAction,
): readonly SectionChange[] {
  const changes: SectionChange[] = [];
  for (const name of before.keys()) if (!after.has(name)) changes.push({ kind, name, action: "remove", options: [] });
  for (const [name, section] of after) {
    const old = before.get(name);
    const options = old === undefined ? [] : differingOptions(optionsOf(old), optionsOf(section));
    if (old === undefined) changes.push({ kind, name, action: "add", options });
    else if (options.length > 0) changes.push({ kind, name, action: decide(options, section), options });
  }
  return changes;
}
const differingOptions = (before: Options, after: Options): readonly string[] =>
  [...new Set([...before.keys(), ...after.keys()])].filter((name) => !isSameValue(before.get(name), after.get(name)));

/** `device` as it came out of all the ways to name a link. */
function optionsOfInterface({ values, routes, device, proto, options }: InterfaceConfig): Options {
  const { ifname: _, type: __, ...rest } = values;
  const [forHandler, known] = [
    [...options].filter(([name]) => name !== "ifname"),
    Object.entries({ ...rest, proto, device }),
  ];
  return new Map<string, unknown>([...forHandler, ...known, ["routes", routesOf(routes)]]);
}
const routesOf = (routes: InterfaceConfig["routes"]): readonly string[] =>
  routes.map(({ destination, gateway }) => `${destination} ${gateway ?? ""}`);
const optionsOfDevice = ({ values, type, below, vlanId }: DeviceConfig): Options =>
  new Map<string, unknown>([
    ...Object.entries(values).filter(([name]) => name !== "ports" && name !== "ifname"),
    ...Object.entries({ type, vid: vlanId, [type === "bridge" ? "ports" : "ifname"]: below }),
  ]);

/** pppd is told of them when a session begins. */
const sessionOptions: ReadonlySet<string> = new Set(["defaultroute", "peerdns"]);

function interfaceAction(options: readonly string[], { isAuto, proto }: InterfaceConfig): ChangeAction {
  const isLive = (name: string) => liveInterfaceOptions.has(name) && !(proto === "pppoe" && sessionOptions.has(name));
  if (options.every(isLive)) return "change live";
  const others = options.filter((name) => !isLive(name));
  return isAuto && others.length === 1 && others[0] === "auto" ? "start" : "rebuild";
}
function deviceAction(options: readonly string[]): ChangeAction {
  if (options.every((name) => name === "ports")) return "change ports";
  return options.every((name) => liveDeviceOptions.has(name)) ? "change live" : "rebuild";
}
