/**
 * The sections of package `network` as plain values: interfaces, the links that are to be made for them, and routes. A
 * part that is not understood is told with its place and left out; the rest stays usable. Pure.
 */
import { canonicalServer } from "../../base/ip-address.ts";
import { isLinkOrAlias, type ValuesOf } from "./option-types.ts";
import {
  aliasOptions,
  bridgeVlanOptions,
  deviceOptions,
  dhcpOptions,
  foreignOptions,
  globalsOptions,
  interfaceOptions,
  pppoeOptions,
  routeOptions,
  staticOptions,
} from "./section-options.ts";
import { routeDestination, routeGateway, staticAddressing } from "./static-addressing.ts";
import { error, note, readSection } from "./typed-section.ts";
import { parseUci, type UciSection, uciLimits } from "./uci.ts";
import type { UciPlace, UciProblem } from "./uci-words.ts";

export interface RouteConfig {
  /** CIDR text. */
  readonly destination: string;
  readonly gateway?: string;
}
/** One `config interface`. */
export interface InterfaceConfig {
  readonly name: string;
  /** `none` where the section says nothing. */
  readonly proto: string;
  /** The link that it is on; `@lan` is that of another interface. */
  readonly device?: string;
  /** To be brought up without being asked. */
  readonly isAuto: boolean;
  /** Not up without carrier. */
  readonly needsLink: boolean;
  readonly values: ValuesOf<typeof interfaceOptions & typeof staticOptions & typeof dhcpOptions & typeof pppoeOptions>;
  /** All as they stand in the text, for a handler; empty where the protocol is built in. */
  readonly options: ReadonlyMap<string, readonly string[]>;
  /** The `config route` sections that name it. */
  readonly routes: readonly RouteConfig[];
}
/** One `config device`, or a VLAN that the name of a link implies. */
export interface DeviceConfig {
  readonly name: string;
  /** `bridge`, `8021q`; undefined: a link that others make. */
  readonly type?: string;
  /** Links below: the ports of a bridge, the base of a VLAN. */
  readonly below: readonly string[];
  readonly vlanId?: number;
  readonly isKeptEmpty: boolean;
  readonly values: ValuesOf<typeof deviceOptions>;
}
export interface NetworkConfig {
  readonly interfaces: ReadonlyMap<string, InterfaceConfig>;
  readonly devices: ReadonlyMap<string, DeviceConfig>;
  /** The first error of syntax: the meaning of the text after it is a guess. */
  readonly syntaxError?: UciProblem;
  /** In the order of the text. */
  readonly problems: readonly UciProblem[];
}
export const emptyNetworkConfig: NetworkConfig = { interfaces: new Map(), devices: new Map(), problems: [] };

/** Protocols that need no handler script of others. */
export const builtInProtocols: readonly string[] = ["static", "dhcp", "pppoe", "none"];
const madeTypes: ReadonlySet<string> = new Set(["bridge", "8021q"]);
/** `eth0.5` says all there is to say of a VLAN. */
const impliedVlan = /^(.+)\.([1-9]\d{0,3})$/;
const highestVlan = 4094;

/** Which protocols of other programs there are. */
export interface KnownHandlers {
  readonly names: readonly string[];
  /** Why there are no others; may be empty. */
  readonly whyNoOthers: string;
}

/** Never throws for any text. `handlers` absent: the handlers are not known yet. */
export function readNetworkConfig(text: string, handlers?: KnownHandlers): NetworkConfig {
  const file = parseUci(text);
  const reader = new NetworkReader(handlers);
  for (const section of file.sections) reader.read(section);
  const { interfaces, devices, problems: found } = reader.finish();
  const all = [...file.problems, ...found].sort((a, b) => a.line - b.line || a.column - b.column);
  const syntaxError = file.problems.find(({ severity }) => severity === "error");
  const problems = all.slice(0, uciLimits.problems);
  return { interfaces, devices, problems, ...(syntaxError && { syntaxError }) };
}

/** The links that the configuration uses, and for which of its interfaces or links; nothing else is to use them. */
export function linksInUse({ interfaces, devices }: NetworkConfig): ReadonlyMap<string, string> {
  const uses = new Map<string, string>();
  for (const { name, type } of devices.values()) if (type) uses.set(name, `a link that it makes: ${type}`);
  for (const { name, below } of devices.values()) for (const link of below) uses.set(link, `a part of ${name}`);
  for (const { name, device } of interfaces.values()) if (device) uses.set(device, `interface ${name}`);
  return uses;
}

interface ReadRoute extends RouteConfig {
  readonly place: UciPlace;
  readonly label: string;
  readonly interface: string;
}

class NetworkReader {
  readonly #interfaces = new Map<string, InterfaceConfig>();
  readonly #devices = new Map<string, DeviceConfig>();
  readonly #places = new Map<string, UciPlace>();
  readonly #routes: ReadRoute[] = [];
  readonly #problems: UciProblem[] = [];

  constructor(private readonly handlers: KnownHandlers | undefined) {}

  read(section: UciSection): void {
    switch (section.type) {
      case "interface":
        this.#onInterface(section);
        break;
      case "device":
        this.#onDevice(section);
        break;
      case "route":
        this.#onRoute(section);
        break;
      case "globals":
        readSection(section, globalsOptions, this.#problems, { isOpen: true });
        break;
      case "alias":
        this.#withoutEffect(section, aliasOptions);
        break;
      case "bridge-vlan":
        this.#withoutEffect(section, bridgeVlanOptions);
        break;
      default:
        this.#problems.push(
          note(section, `${section.label}: sections of type ${section.type} are not applicable here`),
        );
    }
  }
  finish(): NetworkConfig {
    for (const { place, label, interface: name, ...route } of this.#routes) {
      const owner = this.#interfaces.get(name);
      if (owner) this.#interfaces.set(name, { ...owner, routes: [...owner.routes, route] });
      else this.#problems.push(error(place, `${label}: there is no interface ${name}`));
    }
    this.#implyVlans();
    this.#dropCircles();
    return { interfaces: this.#interfaces, devices: this.#devices, problems: this.#problems };
  }
  #withoutEffect(section: UciSection, table: typeof aliasOptions | typeof bridgeVlanOptions): void {
    readSection(section, table, this.#problems);
    this.#problems.push(error(section, `${section.label}: sections of type ${section.type} have no effect yet`));
  }

  #onInterface(section: UciSection): void {
    const { name } = section;
    if (name === undefined) {
      this.#problems.push(error(section, `${section.label}: an interface needs a name; the section was dropped`));
      return;
    }
    const proto = section.options.get("proto")?.values[0] ?? "none";
    const isOpen = !builtInProtocols.includes(proto);
    const values = this.#interfaceValues(section, proto, isOpen);
    if (values.disabled) return;
    if (isOpen) this.#checkHandler(section, name, proto.slice(0, 60));
    this.#checkAddressing(section, proto, values);
    for (const server of values.dns ?? []) {
      if (canonicalServer(server) !== undefined) continue;
      const place = section.options.get("dns") ?? section;
      this.#problems.push(error(place, `${section.label}: dns ${JSON.stringify(server.slice(0, 60))} is no address`));
    }
    const device = this.#deviceOf(section, name, values);
    this.#interfaces.set(name, {
      ...{ name, proto, values, routes: [], isAuto: values.auto ?? true },
      options: isOpen ? new Map([...section.options].map(([option, { values: texts }]) => [option, texts])) : new Map(),
      needsLink: !(values.force_link ?? proto === "static"),
      ...(device !== undefined && { device }),
    });
  }
  #checkHandler(section: UciSection, name: string, proto: string): void {
    const place = section.options.get("proto") ?? section;
    if (!this.handlers) {
      this.#problems.push(note(place, `${name}: proto ${proto} needs a handler; which there are, the daemon knows`));
    } else if (!this.handlers.names.includes(proto)) {
      const { whyNoOthers } = this.handlers;
      const because = whyNoOthers === "" ? "" : ` (${whyNoOthers})`;
      this.#problems.push(
        error(place, `${name}: proto ${proto} is not known here; the interface stays down${because}`),
      );
    }
  }
  #interfaceValues(section: UciSection, proto: string, isOpen: boolean): InterfaceConfig["values"] {
    const options = {
      ...interfaceOptions,
      ...(proto === "static" && staticOptions),
      ...(proto === "dhcp" && dhcpOptions),
      ...(proto === "pppoe" && pppoeOptions),
      ...(isOpen && foreignOptions),
    };
    const { device, ifname, ...values } = readSection(section, options, this.#problems, { isOpen });
    const links = [ifname ?? []].flat();
    return {
      ...values,
      ...(device !== undefined && isLinkOrAlias(device) && { device }),
      ifname: links.filter(isLinkOrAlias),
    };
  }
  #checkAddressing(section: UciSection, proto: string, values: InterfaceConfig["values"]): void {
    if (proto !== "static" || values.device === "lo" || values.ifname?.includes("lo")) return;
    for (const { option, code, data } of staticAddressing(values).errors) {
      const place = section.options.get(option) ?? section;
      this.#problems.push(
        error(place, `${section.label}: ${[code, ...data.map((text) => text.slice(0, 60))].join(" ")}`),
      );
    }
  }
  /** `ifname` of the older form: with `type bridge` the ports of a bridge that is called after the interface. */
  #deviceOf(section: UciSection, name: string, { device, ifname = [], type }: InterfaceConfig["values"]) {
    const link = device ?? ifname[0];
    if (type === "bridge" && device === undefined) return this.#ownBridge(section, name, ifname);
    if (link === undefined && !section.options.has("device"))
      this.#problems.push(note(section, `${name}: no device is named`));
    else if (link === "lo") this.#problems.push(note(section, `${name}: the kernel configures lo by itself`));
    return link;
  }
  #ownBridge(section: UciSection, name: string, ports: readonly string[]): string {
    const bridge = `br-${name}`.slice(0, 15);
    const values = { name: bridge, type: "bridge", ports };
    this.#addDevice(section, { name: bridge, type: "bridge", below: ports, isKeptEmpty: false, values });
    return bridge;
  }

  #onDevice(section: UciSection): void {
    const values: DeviceConfig["values"] = readSection(section, deviceOptions, this.#problems);
    const { name, type, ports = [], ifname, vid, enabled } = values;
    if (enabled === false) return;
    if (name === undefined) this.#problems.push(error(section, `${section.label}: a device needs a name`));
    else if (type !== undefined && !madeTypes.has(type)) {
      const place = section.options.get("type") ?? section;
      this.#problems.push(error(place, `${section.label}: links of type ${type.slice(0, 60)} are not made yet`));
    } else if (type === "8021q" && (ifname === undefined || vid === undefined)) {
      this.#problems.push(error(section, `${section.label}: a VLAN needs ifname and vid`));
    } else {
      const below = type === "bridge" ? ports : type === "8021q" && ifname !== undefined ? [ifname] : [];
      this.#addDevice(section, {
        ...{ name, below, values, isKeptEmpty: values.bridge_empty ?? false },
        ...(type !== undefined && { type }),
        ...(type === "8021q" && vid !== undefined && { vlanId: vid }),
      });
      if (type === undefined) this.#noteWithoutEffect(section);
    }
  }
  /** A link that others make stays as it is. */
  #noteWithoutEffect({ options, label }: UciSection): void {
    for (const name of ["mtu", "macaddr", "txqueuelen"]) {
      const option = options.get(name);
      if (option)
        this.#problems.push(note(option, `${label}: ${name} has no effect yet on a link that is not made here`));
    }
  }
  #addDevice(section: UciSection, device: DeviceConfig): void {
    if (!this.#devices.has(device.name)) {
      this.#devices.set(device.name, device);
      this.#places.set(device.name, section);
    } else this.#problems.push(error(section, `${section.label}: there is a device ${device.name} already`));
  }

  #onRoute(section: UciSection): void {
    const values = readSection(section, routeOptions, this.#problems);
    if (values.disabled) return;
    const { target, netmask, gateway } = values;
    const destination = routeDestination(target, netmask);
    if (values.interface === undefined) {
      this.#problems.push(error(section, `${section.label}: routes without an interface have no effect yet`));
    } else if (destination === undefined) {
      const place = section.options.get("target") ?? section;
      this.#problems.push(
        error(place, `${section.label}: target ${JSON.stringify(target?.slice(0, 60))} is no network`),
      );
    } else {
      const way = routeGateway(gateway, destination);
      if (!way) {
        const place = section.options.get("gateway") ?? section;
        const told = `gateway ${JSON.stringify(gateway?.slice(0, 60))} is no address of the target's family`;
        this.#problems.push(error(place, `${section.label}: ${told}`));
        return;
      }
      const route = { destination, ...way };
      this.#routes.push({ ...route, place: section, label: section.label, interface: values.interface });
    }
  }

  /** A link that stands on itself, perhaps by way of others, could never come. */
  #dropCircles(): void {
    for (const [name, place] of this.#places) {
      if (!this.#standsOn(name, name)) continue;
      this.#problems.push(error(place, `device ${name} stands on itself`));
      this.#devices.delete(name);
    }
  }
  #standsOn(upper: string, sought: string, seen = new Set<string>()): boolean {
    if (seen.has(upper)) return false;
    seen.add(upper);
    const below = this.#devices.get(upper)?.below ?? [];
    return below.some((lower) => lower === sought || this.#standsOn(lower, sought, seen));
  }

  /** Chains of them, too: `eth0.5.6` stands on `eth0.5`. */
  #implyVlans(): void {
    const named = [...this.#interfaces.values()].flatMap(({ device }) => (device === undefined ? [] : [device]));
    const wanted = [...named, ...[...this.#devices.values()].flatMap(({ below }) => below)];
    for (let name = wanted.pop(); name !== undefined; name = wanted.pop()) {
      const [, base, digits] = impliedVlan.exec(name) ?? [];
      const known = this.#devices.get(name);
      if (base === undefined || Number(digits) > highestVlan || known?.type !== undefined) continue;
      const values = { ...known?.values, name };
      this.#devices.set(name, {
        name,
        type: "8021q",
        below: [base],
        vlanId: Number(digits),
        isKeptEmpty: false,
        values,
      });
      wanted.push(base);
    }
  }
}
