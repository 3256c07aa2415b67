/** `fairlead why NAME`: one Service, one Device, or a link that has none. */

import type { Daemon } from "../daemon.ts";
import { usageFailure } from "../failure.ts";
import { plainMap } from "../text/bus-values.ts";
import { command } from "../text/printable.ts";
import type { Chapter, Story } from "../text/story.ts";
import { serviceOfLink } from "./device-view.ts";
import { addressOf } from "./ip-config-view.ts";
import { findObjects, findOne, labelOf, profileOfPath as nameOf } from "./object-names.ts";
import { isConnectedState, isConnectingState } from "./service-states.ts";
import {
  conflictSentence,
  failureSentence,
  plainService,
  reasonWords,
  refusalOf,
  type ServiceView,
  validationSentence,
  withoutSettings,
} from "./service-view.ts";
import { addressSource, tunnelLink } from "./setting-sources.ts";
import { asTextMap, asTexts, type BusObject, flagIn, type Properties, type Snapshot, textIn } from "./snapshot.ts";
import { tunnelAddresses } from "./tunnel-view.ts";
import { explanation, madeFor } from "./why-machine.ts";

interface Part {
  readonly chapter: Chapter;
  readonly plain: object;
}

/** A link name means its Device and its Service: both are told. */
export async function objectStory(
  daemon: Daemon,
  snapshot: Snapshot,
  views: readonly ServiceView[],
  word: string,
): Promise<Story> {
  const found = findObjects(snapshot, word, ["device", "service"]);
  const shown = withoutSettings(views, found);
  if (found.length === 0) return linkStory(daemon, snapshot, word);
  const order = await daemon.technologyOrder();
  const parts = await Promise.all(
    found.map((object) =>
      object.kind === "device"
        ? devicePart(daemon, snapshot, object)
        : servicePart(daemon, snapshot, shown, object, order),
    ),
  );
  return {
    chapters: parts.map(({ chapter }) => chapter),
    plain: { objects: parts.map(({ plain }) => plain) },
  };
}

async function linkStory(daemon: Daemon, snapshot: Snapshot, word: string): Promise<Story> {
  const link = (await daemon.links()).find((one) => textIn(one, "Name") === word);
  if (!link) findOne(snapshot, word, ["service", "device"]);
  const { Name, Because } = plainMap(link as Properties);
  const service = serviceOfLink(link as Properties);
  if (service !== "") {
    const sentence = `${madeFor(link as Properties, snapshot)}: ${command(`fairlead why ${service}`)}`;
    return { chapters: [{ heading: "", sentences: [sentence] }], plain: { objects: [{ link: Name, service }] } };
  }
  const because = Because === "" ? "no reason is known" : Because;
  return {
    chapters: [{ heading: "", sentences: [`${Name} has no Device: ${because}.`] }],
    plain: { objects: [{ link: Name, leftAlone: Because }] },
  };
}

async function servicePart(
  daemon: Daemon,
  snapshot: Snapshot,
  views: readonly ServiceView[],
  service: BusObject,
  order: string,
): Promise<Part> {
  const at = views.findIndex((view) => view.service === service);
  const view = views[at];
  if (!view) throw usageFailure(`${labelOf(service, snapshot)} is gone`);
  const reasons = await daemon.why(service.path, "Service");
  const keptBack = asTextMap(reasons.get("KeptBack")?.value);
  const sentences = [
    stateSentence(view),
    ...(view.progress === "" ? [] : [`Just now: ${view.progress}.`]),
    ...(view.lastFailure === "" ? [] : [failureSentence(view)]),
    ...(view.validation === "" ? [] : [validationSentence(view)]),
    ...autoConnectSentences(view),
    ...placeSentences(snapshot, views, at, order),
    ...addressSentences(snapshot, service),
    // The reason of the state may be the conflict itself, or have come later.
    ...(view.conflict === "" || view.conflict === view.reason ? [] : [conflictSentence(view)]),
    profileSentence(service),
    ...termsSentences(textIn(reasons, "Terms")),
    ...keptBackSentences(keptBack),
  ];
  return {
    chapter: { heading: labelOf(service, snapshot), sentences },
    plain: {
      ...plainService(view),
      failed: flagIn(reasons, "Failed"),
      ...(keptBack.size > 0 && { keptBack: Object.fromEntries(keptBack) }),
      explanation: explanation(snapshot, views, at, order),
    },
  };
}

function stateSentence(view: ServiceView): string {
  const { service } = view;
  const error = service.text("State") === "failure" ? ` (${service.text("Error")})` : "";
  const named = `${service.text("Error")}: `;
  const words = reasonWords(view);
  const reason = error !== "" && words.startsWith(named) ? words.slice(named.length) : words;
  return `Its state is ${service.text("State")}${error}${reason === "" ? "" : `: ${reason}`}.`;
}

function autoConnectSentences(view: ServiceView): string[] {
  const { service } = view;
  const because = refusalOf(view);
  if (because) return [`It does not connect by itself: ${because}.`];
  const state = service.text("State");
  return isConnectedState(state) || isConnectingState(state) ? [] : ["It may connect by itself."];
}

function placeSentences(snapshot: Snapshot, views: readonly ServiceView[], at: number, order: string): string[] {
  const sentences = [`It is number ${at + 1} of ${views.length} in the order.`];
  const before = views[at - 1];
  if (before) sentences.push(`${labelOf(before.service, snapshot)} ${explanation(snapshot, views, at - 1, order)}`);
  const after = explanation(snapshot, views, at, order);
  if (after !== "") sentences.push(`It ${after}`);
  return sentences;
}

function addressSentences(snapshot: Snapshot, service: BusObject): string[] {
  const inTunnel = tunnelLink(service) === "" ? [] : tunnelAddresses(service);
  if (inTunnel.length > 0) return inTunnel.map((address) => `Its address ${address} comes from the tunnel's settings.`);
  const device = snapshot.deviceOf(service);
  const isCarried = device?.reference("SelectedService") === service.path;
  return (device && isCarried ? snapshot.ipConfigsOf(device) : []).flatMap((config) => {
    const address = addressOf(config);
    return address === "" ? [] : [`Its address ${address} comes from ${addressSource(service, config)}.`];
  });
}

const profileSentence = (service: BusObject): string => {
  const profile = service.text("Profile");
  return profile === "" ? "Its settings are not stored." : `Its settings are kept in the Profile ${nameOf(profile)}.`;
};

const termsSentences = (terms: string): string[] =>
  terms === ""
    ? []
    : [
        `Addresses, order and credentials are those of the Profile ${nameOf(terms)}: no administrator agreed to others.`,
      ];
const keptBackSentences = (keptBack: ReadonlyMap<string, string>): string[] =>
  [...keptBack].map(
    ([path, because]) => `What the Profile ${nameOf(path)} has stored for it is not in force: ${because}.`,
  );

async function devicePart(daemon: Daemon, snapshot: Snapshot, device: BusObject): Promise<Part> {
  const reasons = await daemon.why(device.path, "Device");
  const link = labelOf(device, snapshot);
  const leftAlone = textIn(reasons, "LeftAlone");
  const users = asTexts(reasons.get("Users")?.value).filter((user) => user !== link);
  const carried = snapshot.at(device.reference("SelectedService"));
  const sentences = [
    `It is taken for ${device.text("Type")}: ${textIn(reasons, "Technology")}.`,
    ...(leftAlone === ""
      ? []
      : [`It is left alone: ${leftAlone}. To use it all the same: ${command(`fairlead connect ${link}`)}`]),
    ...(device.flag("Powered") === false
      ? [`It is disabled. Enable it: ${command(`fairlead enable ${device.text("Type")}`)}`]
      : []),
    ...(textIn(reasons, "NotReady") === "" ? [] : [`It is not ready to connect: ${textIn(reasons, "NotReady")}.`]),
    `The link is ${flagIn(reasons, "Up") ? "up" : "down"} and has ${flagIn(reasons, "Carrier") ? "" : "no "}carrier.`,
    ...(flagIn(reasons, "Held")
      ? ["Its carrier was lost just now: address and routes stay for a moment, in case it comes back."]
      : []),
    ...(users.length === 0 ? [] : [`It is held up by ${users.join(", ")} as well.`]),
    carried ? `It carries ${labelOf(carried, snapshot)}.` : "It carries no Service.",
  ];
  const facts = { enabled: device.flag("Powered") ?? false, service: carried?.path ?? null };
  return {
    chapter: { heading: `Device ${link}`, sentences },
    plain: { path: device.path, link, ...facts, reasons: plainMap(reasons) },
  };
}
