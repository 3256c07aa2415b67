import type { Daemon } from "../daemon.ts";
import { exitCodes } from "../failure.ts";
import { withBlanks } from "../text/printable.ts";
import { type Column, tableLines } from "../text/table.ts";
import { type Line, type Output, type Span, styled } from "../text/terminal-output.ts";
import type { Verb } from "../verb.ts";
import { addressesOf, type DeviceView, linkState, plainDevice, viewDevices } from "../view/device-view.ts";
import type { FrontRouteView } from "../view/front-routes.ts";
import { hintsFor } from "../view/hints.ts";
import { addressOf, gatewayOf } from "../view/ip-config-view.ts";
import { labelOf } from "../view/object-names.ts";
import { isConnectingState, stateWords } from "../view/service-states.ts";
import { isVisible, plainService, type ServiceView, viewServices } from "../view/service-view.ts";
import { flagIn, type Properties, type Snapshot, textIn } from "../view/snapshot.ts";
import { plainTunnel, type TunnelView, viewTunnels } from "../view/tunnel-view.ts";
import { serviceTable } from "./services.ts";

/** More do not fit on a screen; the verbs `devices` and `services` list them all. */
const mostRows = 20;
/** On a wide terminal the version stays where the eye is. */
const widestHeadline = 80;

interface Status {
  readonly version: string;
  readonly snapshot: Snapshot;
  readonly services: readonly ServiceView[];
  readonly devices: readonly DeviceView[];
  /** The one in force. */
  readonly location: Properties | undefined;
  /** For each family, the default route that is in front. */
  readonly front: readonly FrontRouteView[];
  /** Files and Profiles that cannot be stored now. */
  readonly notStored: readonly string[];
}

export const status: Verb = {
  name: "status",
  operands: "",
  leastOperands: 0,
  mostOperands: 0,
  summary: "one screen: whether and how the machine is connected",
  async run({ daemon, out, options }) {
    const found = await readStatus(await daemon());
    if (options.json) out.json(plainStatus(found));
    else show(found, out);
    return exitCodes.ok;
  },
};

async function readStatus(daemon: Daemon): Promise<Status> {
  const [snapshot, version, location, front, notStored] = await Promise.all([
    daemon.snapshot(),
    daemon.version(),
    daemon.activeLocation(),
    daemon.defaultRoutes(),
    daemon.storageProblems(),
  ]);
  const [services, devices] = await Promise.all([viewServices(daemon, snapshot), viewDevices(daemon, snapshot)]);
  return { snapshot, version, location, services, devices, front, notStored };
}

const hintsOf = ({ services, devices, front, notStored }: Status) => [
  ...notStored.map((sentence) => `${sentence}. The network goes on without.`),
  ...hintsFor(services, devices.filter(isWanted), front),
];
/** A link that is left alone and has no cable is nothing to be told of each time. */
const isWanted = ({ device, leftAlone }: DeviceView): boolean =>
  leftAlone === "" || device.flag("Ethernet.LinkUp") === true;

function show(found: Status, out: Output): void {
  const { devices, services } = found;
  out.line(headline(found, out.columns));
  const place = locationLine(found);
  if (place !== undefined) out.line(place);
  out.line();
  out.lines(addressTable(devices.slice(0, mostRows), viewTunnels(found.snapshot).slice(0, mostRows), out.columns));
  sayMore(out, devices.length, "devices");
  const visible = services.filter(isVisible);
  if (visible.length > 0) {
    out.line();
    out.lines(serviceTable(visible.slice(0, mostRows), out.columns));
    sayMore(out, visible.length, "services");
  }
  const hints = hintsOf(found);
  if (hints.length > 0) out.line();
  for (const hint of hints) out.paragraph(`! ${hint}`, 2, "warn");
}

function sayMore(out: Output, count: number, verb: string): void {
  if (count > mostRows) out.line(styled(`and ${count - mostRows} more: fairlead ${verb}`, "dim"));
}

function headline({ snapshot, version }: Status, columns: number): Line {
  const service = snapshot.defaultService;
  const state = service ? snapshot.manager.text("ConnectionState") : (connectingState(snapshot) ?? "idle");
  const { claim = state, note, style = "bold" } = stateWords(state) ?? {};
  const first = `${claim.slice(0, 1).toUpperCase()}${claim.slice(1)}`;
  const through = `${service ? ` through ${labelOf(service, snapshot)}` : ""}${note === undefined ? "" : ` (${note})`}`;
  const name = `Fairlead ${version}`;
  const room = Math.min(columns, widestHeadline) - first.length - through.length - name.length;
  const spans: Span[] = [styled(first, style), through];
  return room >= 2 ? [...spans, " ".repeat(room), styled(name, "dim")] : spans;
}

/** Undefined: the built-in default, which is nothing to be told of each time. */
function locationLine({ location, snapshot }: Status): string | undefined {
  if (!location) return undefined;
  const [name, because] = [textIn(location, "Name"), textIn(location, "Because")];
  const isBuiltIn = textIn(location, "ActivationMode") === "system";
  // With a connection there is NoNet only in the place of one that could not be applied.
  const isUnexpected = name === "NoNet" && snapshot.defaultService !== undefined;
  if (isBuiltIn && !isUnexpected && !flagIn(location, "Enabled")) return undefined;
  return `Location ${name}: ${because}`;
}

/** State of a Service on its way while none is connected. */
const connectingState = (snapshot: Snapshot): string | undefined =>
  snapshot.defaultService
    ? undefined
    : snapshot.services.map((service) => service.text("State")).find(isConnectingState);

const addressColumns: readonly Column[] = [
  { title: "DEVICE", least: 6 },
  { title: "LINK" },
  { title: "ADDRESS", least: 15 },
  { title: "GATEWAY", least: 7 },
  { title: "DNS", least: 7 },
];

const isIpv6 = (address: string): boolean => address.includes(":");
const families = [(address: string) => !isIpv6(address), isIpv6] as const;

/** The address of the family's IPConfig with all that goes with it, and then the others. */
function addressLines(view: DeviceView, isOfFamily: (address: string) => boolean): readonly (readonly string[])[] {
  const shown = view.ipConfigs.filter((config) => addressOf(config) !== "" && isOfFamily(addressOf(config)));
  const others = addressesOf(view).filter(
    (address) => isOfFamily(address) && !shown.some((config) => addressOf(config) === address),
  );
  return [
    ...shown.map((config) => [addressOf(config), gatewayOf(config), config.list("NameServers").join(" ")]),
    ...others.map((address) => [address]),
  ];
}

/** A row for each address; the Device, or the link of a tunnel, is named in the first. */
function addressTable(devices: readonly DeviceView[], tunnels: readonly TunnelView[], width: number): Line[] {
  const rows = [
    ...devices.flatMap((view) => {
      const lines = families.flatMap((isOfFamily) => addressLines(view, isOfFamily));
      return addressRows([view.device.text("Interface"), linkState(view)], lines);
    }),
    ...tunnels.flatMap(({ link, addresses, nameServers }) => {
      const lines = addresses.map((address, at) => (at === 0 ? [address, "", nameServers.join(" ")] : [address]));
      return addressRows([link, "tunnel"], lines);
    }),
  ];
  return tableLines(addressColumns, rows, width);
}
function addressRows(first: readonly Span[], lines: readonly (readonly string[])[]): readonly (readonly Span[])[] {
  if (lines.length === 0) return [first];
  return lines.map((line, at) => [...(at === 0 ? first : ["", ""]), ...line]);
}

function plainStatus(found: Status) {
  const { snapshot, version, location = new Map(), services, devices } = found;
  const service = snapshot.defaultService;
  return {
    version,
    state: snapshot.manager.text("ConnectionState"),
    connected: service !== undefined,
    defaultService: service?.path ?? null,
    location: textIn(location, "Name"),
    locationBecause: textIn(location, "Because"),
    devices: devices.map(plainDevice),
    tunnels: viewTunnels(snapshot).map(plainTunnel),
    services: services.filter(isVisible).map(plainService),
    notStored: found.notStored,
    hints: hintsOf(found).map(withBlanks),
  };
}
