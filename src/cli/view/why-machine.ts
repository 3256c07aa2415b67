/** `fairlead why` without a name: the whole machine. */
import { familyOf } from "../../base/ip-address.ts";
import type { Daemon } from "../daemon.ts";
import { plainMap } from "../text/bus-values.ts";
import type { Chapter, Story } from "../text/story.ts";
import { linksLeftAlone, serviceOfLink, viewDevices } from "./device-view.ts";
import { type FrontRouteView, frontRouteSentence, isOvertaking } from "./front-routes.ts";
import { labelOf } from "./object-names.ts";
import { orderSentence } from "./reasons.ts";
import { isConnectedState, stateWords } from "./service-states.ts";
import {
  conflictSentence,
  failureSentence,
  plainService,
  reasonWords,
  refusalOf,
  type ServiceView,
  withoutSettings,
} from "./service-view.ts";
import {
  defaultRoutes,
  locationServers,
  type NameServerSource,
  nameServers,
  type RouteSource,
  tunnelLink,
} from "./setting-sources.ts";
import { type BusObject, type Properties, type Snapshot, textIn } from "./snapshot.ts";

export async function machineStory(daemon: Daemon, snapshot: Snapshot, views: readonly ServiceView[]): Promise<Story> {
  const [links, devices, order, front, notStored, resolver, location] = await Promise.all([
    daemon.links(),
    viewDevices(daemon, snapshot),
    daemon.technologyOrder(),
    daemon.defaultRoutes(),
    daemon.storageProblems(),
    daemon.resolver(),
    daemon.activeLocation(),
  ]);
  const leftAlone = linksLeftAlone(links, devices);
  const made = links.filter((link) => serviceOfLink(link) !== "");
  const routes = routeChapter(snapshot, front, resolver, location);
  const shown = withoutSettings(views);
  return {
    chapters: [
      { heading: "", sentences: [headline(snapshot)] },
      routes.chapter,
      { heading: "The order of Services", sentences: orderSentences(snapshot, shown, order) },
      { heading: "Not connected", sentences: shown.flatMap((view) => notConnected(view, snapshot)) },
      { heading: "Not stored", sentences: notStored.map((sentence) => `${sentence}.`) },
      { heading: "Made for a Service", sentences: made.map((link) => `${madeFor(link, snapshot)}.`) },
      { heading: "Left alone", sentences: leftAlone.map(({ link, because }) => `${link}: ${because}.`) },
    ],
    plain: {
      state: snapshot.manager.text("ConnectionState"),
      defaultService: snapshot.defaultService?.path ?? null,
      ...routes.plain,
      technologyOrder: order.split(","),
      order: views.map((view, at) => ({
        ...plainService(view),
        explanation: explanation(snapshot, views, at, order),
      })),
      notStored,
      linksOfServices: made.map((link) => ({ link: textIn(link, "Name"), service: serviceOfLink(link) })),
      linksLeftAlone: leftAlone,
    },
  };
}

/** `wg0 is the link of Work`, without the end of the sentence. */
export function madeFor(link: Properties, snapshot: Snapshot): string {
  const service = snapshot.at(serviceOfLink(link));
  return `${textIn(link, "Name")} is the link of ${service ? service.text("Name") : serviceOfLink(link)}`;
}

function headline(snapshot: Snapshot): string {
  const state = snapshot.manager.text("ConnectionState");
  const { claim = state, note } = stateWords(state) ?? {};
  const service = snapshot.defaultService;
  if (!service) return `The machine is ${claim}.`;
  return `The machine is ${claim} through ${labelOf(service, snapshot)}${note === undefined ? "" : ` (${note})`}.`;
}

function routeChapter(
  snapshot: Snapshot,
  front: readonly FrontRouteView[],
  resolver: Properties,
  location: Properties = new Map(),
): { readonly chapter: Chapter; readonly plain: object } {
  const service = snapshot.defaultService;
  // The best connected Service that has any is taken; it need not be the first.
  const connected = snapshot.services.filter((one) => isConnectedState(one.text("State")));
  const intoTunnel = service ? front.filter(({ own, link }) => own && link !== "" && link === tunnelLink(service)) : [];
  const isInside = (family: number | undefined) => intoTunnel.some((route) => route.family === family);
  const routes = firstNonEmpty(connected, (one) => defaultRoutes(one, snapshot)).filter(
    ({ gateway }) => !isInside(familyOf(gateway)),
  );
  const ofNetwork = firstNonEmpty(connected, (one) => nameServers(one, snapshot));
  const ofLocation = connected.length > 0 ? locationServers(location) : [];
  const servers = ofLocation.length > 0 ? ofLocation : ofNetwork;
  const inFront = front.flatMap((route) => frontRouteSentence(route) ?? []);
  const sentences = [...inFront, ...routes.map((route) => routeSentence(route, front))];
  for (const { family, link } of intoTunnel) {
    sentences.unshift(`The default route of IPv${family} goes by ${link}, into the tunnel.`);
  }
  if (service && routes.length === 0 && intoTunnel.length === 0) sentences.push(withoutGateway(front));
  if (servers.length > 0) sentences.push(serverSentence(servers));
  else if (service) sentences.push("There are no name servers: neither the network nor StaticIPConfig names any.");
  if (service) sentences.push(...resolverSentences(resolver));
  return {
    chapter: { heading: "Default route and name servers", sentences },
    plain: { defaultRoutes: routes, frontRoutes: front, nameServers: servers, resolver: plainMap(resolver) },
  };
}

/** Some networks name no router and answer for every destination on the link itself. */
function withoutGateway(front: readonly FrontRouteView[]): string {
  const onLink = front.find(({ own, gateway, link }) => own && gateway === "" && link !== "");
  return onLink
    ? `The default route goes by ${onLink.link} without a router: every destination is asked for on the link.`
    : "There is no default route: the network names no gateway.";
}

function routeSentence({ link, gateway, source }: RouteSource, front: readonly FrontRouteView[]): string {
  const isBehind = front.some((route) => isOvertaking(route) && route.family === familyOf(gateway));
  const which = isBehind ? "Fairlead's own default route" : "The default route";
  return `${which} goes by ${link} to ${gateway}, as ${source} ${saysOf(source)}.`;
}

const saysOf = (source: string): string => (source.startsWith("router advertisements") ? "say" : "says");

const firstNonEmpty = <T>(services: readonly BusObject[], listOf: (service: BusObject) => readonly T[]): readonly T[] =>
  services.map(listOf).find((list) => list.length > 0) ?? [];

function serverSentence(servers: readonly NameServerSource[]): string {
  const sources = [...new Set(servers.map(({ source, link }) => (link === "" ? source : `${source} on ${link}`)))];
  const addresses = servers.map(({ address }) => address).join(", ");
  return `Names are asked of ${addresses}, as ${sources.join(" and ")} ${sources.length > 1 ? "say" : saysOf(sources[0] ?? "")}.`;
}

function resolverSentences(resolver: Properties): readonly string[] {
  const [backEnd, because, problem] = ["BackEnd", "BackEndBecause", "Problem"].map((name) => textIn(resolver, name));
  if (!backEnd) return [];
  const told = backEnd === "file" ? "They are in the file alone" : `${backEnd} is told of them, too`;
  return [`${told}: ${because}.`, ...(problem ? [`${backEnd} refuses: ${problem}.`] : [])];
}

const orderSentences = (snapshot: Snapshot, views: readonly ServiceView[], order: string): string[] =>
  views.map((view, at) => {
    const place = `${at + 1}.`.padEnd(2);
    const label = `${labelOf(view.service, snapshot)} (${view.service.text("State")})`;
    const because = explanation(snapshot, views, at, order);
    const conflict = view.conflict === "" ? "" : ` ${conflictSentence(view)}`;
    return `${place} ${label}${because === "" ? "." : ` ${because}`}${conflict}`;
  });

/** Why it comes before the next; empty for the last. */
export function explanation(snapshot: Snapshot, views: readonly ServiceView[], at: number, order: string): string {
  const [view, next] = [views[at], views[at + 1]];
  if (!view || !next || view.because === "") return "";
  const because = orderSentence(view.because, view.service, next.service, order);
  return `comes before ${labelOf(next.service, snapshot)}: ${because}.`;
}

function notConnected(view: ServiceView, snapshot: Snapshot): string[] {
  const { service, refusal, lacking, progress } = view;
  const reason = reasonWords(view);
  const state = service.text("State");
  if (isConnectedState(state)) return [];
  const label = labelOf(service, snapshot);
  const because = refusalOf(view);
  if (state === "failure") return [`${label} failed: ${reason}.${because ? ` It is not tried now: ${because}.` : ""}`];
  const failure = failureSentence(view) === "" ? "" : ` ${failureSentence(view)}`;
  // Of a section of the network configuration: the error that is in its text.
  const lacks =
    refusal === "not connectable" && lacking === "" && reason !== "" && reason !== "new" ? ` (${reason})` : "";
  if (because) return [`${label}: ${because}${lacks}.${failure}`];
  const now = progress || reason;
  return [`${label} is in state ${state}${now === "" ? "" : `: ${now}`}.${failure}`];
}
