/** Our own additions on `/`: the order with its reasons, the history, the debug dump. */
import { DaemonError } from "../base/errors.ts";
import { PropertyShape, PropertyStore, propertyTable, type WireVariant } from "../base/property.ts";
import type { Manager } from "../manager/manager.ts";
import { describeConflict } from "../network/address-conflicts.ts";
import { frontRoutes } from "../network/kernel/front-routes.ts";
import type { NamePlan } from "../resolver/name-plan.ts";
import type { Route, Rtnl } from "../rtnl/rtnl.ts";
import type { Service } from "../services/service.ts";
import { args, interfaceTable, methodOf } from "./interface-table.ts";
import type { LogView } from "./log-interface.ts";
import { attemptReasons } from "./service-interface.ts";

const method = methodOf<DaemonView>();

const text = (value: string): WireVariant => ({ signature: "s", value });

/** The daemon's additions to the Manager for these interfaces. */
export interface DaemonView {
  readonly manager: Manager;
  readonly log: LogView;
  readonly version: string;
  readonly storage: StorageView;
  readonly names: { readonly state: NamesState };
  /** JSON with every state, claim, pending timer and the last hundred events with reasons; no secrets. */
  dump(): string;
}

/** How names are resolved, as clients see it. */
export interface NamesState {
  readonly name: string;
  readonly because: string;
  readonly plan: Pick<NamePlan, "nameServers" | "searchDomains" | "because"> | undefined;
  readonly problem: string;
}

/** Places that cannot be stored now, as clients see them. */
export interface StorageView {
  readonly problems: readonly string[];
  onChange(listener: () => void): unknown;
}

const storageShape = new PropertyShape<DaemonView>(
  propertyTable<DaemonView>()({
    StorageProblems: {
      signature: "as",
      doc:
        "Files and Profiles that cannot be stored now, a sentence each; empty: everything is stored. The network goes on " +
        "all the same; a change by a client is refused with NotStored, and the daemon's own changes are written later.",
      get: ({ storage }) => storage.problems,
    },
  }),
);

/** The properties of `/` that are ours alone. Everything is read-only. */
export class OwnManagerProperties {
  readonly properties: PropertyStore<DaemonView>;
  constructor(view: DaemonView) {
    this.properties = new PropertyStore<DaemonView>(view, storageShape);
    view.storage.onChange(() => this.properties.touchAll());
  }
  setProperty(): void {
    throw new DaemonError("InvalidArguments", "Property is read-only");
  }
}

export const fairleadManagerInterface = interfaceTable<DaemonView>({
  name: "org.fairlead.Manager1",
  doc: "Reasons and state of the whole daemon.",
  properties: storageShape,
  methods: {
    GetVersion: {
      in: [],
      out: args({ version: "s" }),
      doc: "Version of the daemon.",
      right: "read",
      call: (view) => [view.version],
    },
    GetOrder: {
      in: [],
      out: args({ services: "aa{sv}" }),
      doc:
        "All Services in order. Each with Path, Name, Type, State, Device (link name or empty), StateReason, " +
        "AutoConnectRefusal (empty: it may connect by itself), Lacking, LastFailure, LastFailureTime, Progress, Validation and ValidationTime as Why of the Service tells them, Because: the criterion that puts it before the next " +
        "(empty for the last), Rank: its place among the connected, -1 when it is not, AddressConflict: the other host " +
        "that has its address, with its MAC address (empty: none is known).",
      right: "read",
      call: ({ manager }) => [orderOf(manager)],
    },
    GetLinks: {
      in: [],
      out: args({ links: "aa{sv}" }),
      doc:
        "Every link the kernel has: Name, Index, Technology, Because, Device (path or /), Up, Carrier, Mac. Service: path of " +
        "the one that it was made for alone (a tunnel, a session of PPP), or /.",
      right: "read",
      call: ({ manager }) => [linksOf(manager)],
    },
    GetDefaultRoutes: {
      in: [],
      out: args({ routes: "aa{sv}" }),
      doc:
        "For each family, the default route of the main table by which packets leave: Family (4 or 6), Destination (not " +
        "always all: tunnels take everything in two halves), Link and Gateway (empty: none, or several), Type (unicast, " +
        "unreachable, ...), Metric, Protocol, Own: whether it is Fairlead's. Where it is not, OvertakenLink and " +
        "OvertakenMetric name the best of Fairlead's, which comes after it (empty: there is none).",
      right: "read",
      call: ({ manager }) => [defaultRoutesOf(manager.deviceRegistry.rtnl)],
    },
    GetResolver: {
      in: [],
      out: args({ resolver: "a{sv}" }),
      doc:
        "How names are resolved: BackEnd (file, systemd-resolved) and BackEndBecause; NameServers and SearchDomains of the " +
        "plan, and Because: why these; Problem: the last refusal of systemd-resolved, or empty.",
      right: "read",
      call: ({ names }) => [resolverOf(names.state)],
    },
    Dump: {
      in: [],
      out: args({ json: "s" }),
      doc: "Every state, claim, pending timer and the last events with their reasons, as JSON. Holds no secrets.",
      right: "read",
      call: (view) => [view.dump()],
    },
  },
});

export const eventsInterface = interfaceTable<DaemonView>({
  name: "org.fairlead.Events1",
  doc: "Events, as they happen.",
  signals: {
    Event: {
      args: args({ type: "s", object: "o", details: "a{sv}" }),
      doc:
        "Something happened to the object: carrier-changed, addressing, address-conflict, service-state-changed, default-service-changed, " +
        "location-state-changed, modifier-state-changed, policy-changed, priority-group-changed. Details: " +
        "Because (s). Objects that come and go are told by org.freedesktop.DBus.ObjectManager.",
    },
  },
  methods: {
    GetHistory: method({
      in: { count: "u" },
      out: args({ events: "aa{sv}" }),
      doc: "The newest events, oldest first, at most 100: Time (t, milliseconds since 1970), Type, Object, Because.",
      right: "read",
      call: ({ manager }, { count }) => [
        manager.feed.history.newest(count).map(
          ({ at, kind, object, because }) =>
            new Map<string, WireVariant>([
              ["Time", { signature: "t", value: BigInt(Math.trunc(at)) }],
              ["Type", text(kind)],
              ["Object", text(object)],
              ["Because", text(because)],
            ]),
        ),
      ],
    }),
  },
});

function resolverOf({ name, because, plan, problem }: NamesState): ReadonlyMap<string, WireVariant> {
  const list = (value: readonly string[] | undefined): WireVariant => ({ signature: "as", value: value ?? [] });
  return new Map([
    ["BackEnd", text(name)],
    ["BackEndBecause", text(because)],
    ["NameServers", list(plan?.nameServers)],
    ["SearchDomains", list(plan?.searchDomains)],
    ["Because", text(plan?.because ?? "")],
    ["Problem", text(problem)],
  ]);
}

function conflictOf({ network }: Service): string {
  return network?.conflict ? describeConflict(network.conflict) : "";
}

const orderOf = (manager: Manager) =>
  manager.services.all.map((service) => {
    const link = service.network?.layer3Link;
    return new Map<string, WireVariant>([
      ["Path", text(service.path)],
      ["Name", text(service.name)],
      ["Type", text(service.technology)],
      ["State", text(service.state)],
      ["Device", text(service.device?.linkName ?? "")],
      ["StateReason", text(service.connection.reason)],
      ["AutoConnectRefusal", text(service.autoConnectRefusal ?? "")],
      ["AddressConflict", text(conflictOf(service))],
      ...attemptReasons(service),
      ["Because", text(manager.services.reasonOf(service) ?? "")],
      ["Rank", { signature: "i", value: link === undefined ? -1 : manager.connectivity.rankedLinks.indexOf(link) }],
    ]);
  });

function defaultRoutesOf({ snapshot }: Rtnl) {
  const nameOf = (route: Route | undefined) => text(snapshot.links.get(route?.link ?? 0)?.name ?? "");
  const number = (value: number): WireVariant => ({ signature: "u", value });
  return frontRoutes(snapshot).map(
    ({ family, route, isOwn, overtaken }) =>
      new Map<string, WireVariant>([
        ["Family", number(family)],
        ["Destination", text(route.destination)],
        ["Link", nameOf(route)],
        ["Gateway", text(route.gateway ?? "")],
        ["Type", text(route.type)],
        ["Metric", number(route.metric)],
        ["Protocol", number(route.protocol)],
        ["Own", { signature: "b", value: isOwn }],
        ["OvertakenLink", nameOf(overtaken)],
        ["OvertakenMetric", number(overtaken?.metric ?? 0)],
      ]),
  );
}

function linksOf(manager: Manager) {
  const services = new Map(manager.services.all.map((service) => [service.layer3Link, service.path]));
  return [...manager.deviceInfo.links()].map(
    ({ link, technology, because, device }) =>
      new Map<string, WireVariant>([
        ["Name", text(link.name)],
        ["Index", { signature: "i", value: link.index }],
        ["Technology", text(technology)],
        ["Because", text(because)],
        ["Device", text(device?.path ?? "/")],
        ["Service", text((!device && services.get(link.index)) || "/")],
        ["Up", { signature: "b", value: link.isUp }],
        ["Carrier", { signature: "b", value: link.hasCarrier }],
        ["Mac", text(link.mac ?? "")],
      ]),
  );
}
