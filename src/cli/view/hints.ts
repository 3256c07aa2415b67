/** Actions for a person in the present state, each in one or two sentences. */

import { command } from "../text/printable.ts";
import { shellWord } from "../words/shell-words.ts";
import { carrierOf, type DeviceView } from "./device-view.ts";
import { type FrontRouteView, frontRouteSentence, isOvertaking } from "./front-routes.ts";
import { serviceNumber } from "./object-names.ts";
import { isConnectedState, isConnectingState } from "./service-states.ts";
import { failureSentence, refusalOf, type ServiceView, validationSentence } from "./service-view.ts";
import type { BusObject } from "./snapshot.ts";

/** Enough to act on; `why` tells the rest. */
const mostHints = 4;

export function hintsFor(
  services: readonly ServiceView[],
  devices: readonly DeviceView[],
  front: readonly FrontRouteView[],
): readonly string[] {
  const isConnected = services.some(({ service }) => isConnectedState(service.text("State")));
  const names = services.map(({ service }) => service.text("Name"));
  const isAlone = (name: string) => names.filter((other) => other === name).length === 1;
  const nameOf = (view: ServiceView): HintName => hintName(view, isAlone);
  // Another program's bridge is no news as long as there is another way.
  const links = isConnected ? [] : devices.map(deviceHint);
  const routes = front.filter(isOvertaking).map(frontRouteSentence);
  const attempts = isConnected ? [] : services.map((view) => attemptHint(view, nameOf(view)));
  const told = services.map((view) => serviceHint(view, nameOf(view)));
  const hints = [...told, ...routes, ...attempts, ...links].filter((hint) => hint !== undefined);
  if (!isConnected && hints.length === 0) hints.push(...idleHint(services, devices));
  return hints.slice(0, mostHints);
}

interface HintName {
  readonly word: string;
  /** The same for a command. */
  readonly target: string;
}
/** A radio has many networks, and a tunnel has no Device: there the own name counts, which several may have. */
function hintName({ service, device }: ServiceView, isAlone: (name: string) => boolean): HintName {
  const [link, name] = [device?.text("Interface"), service.text("Name")];
  if (link && !isWifi(service)) return { word: link, target: link };
  return { word: name || service.path, target: isAlone(name) ? shellWord(name) : serviceNumber(service) };
}
const isWifi = (service: BusObject): boolean => service.text("Type") === "wifi";

function serviceHint(view: ServiceView, { word, target }: HintName): string | undefined {
  const { service, device, refusal, conflict, lastFailure } = view;
  const state = service.text("State");
  if (state === "failure") {
    const details = service.text("ErrorDetails");
    const cause = `${service.text("Error")}${details === "" ? "" : ` (${details})`}`;
    return `${word} failed: ${cause}. Try again: ${command(`fairlead connect ${target}`)}`;
  }
  const reachability = reachabilityHint(view, word);
  if (reachability !== undefined) return reachability;
  if (conflict !== "") return `${word}: ${conflict}. More: ${command(`fairlead why ${target}`)}`;
  const isBusy = device?.reference("SelectedService") !== undefined;
  const isWaiting = isWifi(service) && (isBusy || service.flag("Visible") !== true);
  if (isWifi(service) && state === "idle" && !isWaiting && lastFailure.startsWith("bad-passphrase")) {
    return `${word} refused the passphrase. Type it again: ${command(`fairlead wifi connect ${shellWord(word)} --ask`)}`;
  }
  if (refusal === "explicitly disconnected" && !isWaiting) {
    return `${word} was disconnected and waits for you: ${command(`fairlead connect ${target}`)}`;
  }
  return undefined;
}

/** Connected, and the internet was not found. */
function reachabilityHint(view: ServiceView, word: string): string | undefined {
  const { service } = view;
  const found = validationSentence(view);
  const more = found === "" ? "" : ` ${found}`;
  if (service.text("State") === "no-connectivity") return `${word} has no internet behind it.${more}`;
  if (service.text("State") !== "redirect-found") return undefined;
  const url = service.text("ProbeUrl");
  return `${word} is behind a portal; log in with a browser${url === "" ? "" : ` at ${url}`}.${more}`;
}

/** How it goes with a link that a cable is in, or that is being connected. */
function attemptHint(view: ServiceView, { word }: HintName): string | undefined {
  const { service, device, progress, refusal } = view;
  const state = service.text("State");
  if (isConnectingState(state)) {
    const failure = failureSentence(view) === "" ? "" : ` ${failureSentence(view)}`;
    return `${word} is being connected${progress === "" ? "" : `: ${progress}`}.${failure}`;
  }
  if (state === "disconnecting") return `${word} is being disconnected.`;
  if (state !== "idle" || !device || carrierOf(device) !== true || toldElsewhere.has(refusal)) return undefined;
  const because = refusalOf(view);
  if (!because) return `${word} is about to be connected.`;
  return `${word} is not connected: ${because}. Connect it: ${command(`fairlead connect ${word}`)}`;
}

/** By a hint of its own. */
const toldElsewhere: ReadonlySet<string> = new Set([
  "explicitly disconnected",
  "device is disabled",
  "device is left alone",
  "connection medium unavailable",
]);

function deviceHint({ device, leftAlone }: DeviceView): string | undefined {
  if (leftAlone === "") return undefined;
  const link = device.text("Interface");
  return `${link} is left alone: ${leftAlone}. Use it: ${command(`fairlead connect ${link}`)}`;
}

function idleHint(services: readonly ServiceView[], devices: readonly DeviceView[]): string[] {
  if (devices.length === 0)
    return [`There is no link that Fairlead can use: ${command("fairlead devices --all")} tells why.`];
  const disabled = devices.filter(({ device }) => device.flag("Powered") === false);
  const hints = disabled.map(({ device }) => {
    const technology = device.text("Type");
    return `${device.text("Interface")} is disabled. Enable it: ${command(`fairlead enable ${technology}`)}`;
  });
  const isInRange = services.some(({ service }) => isWifi(service) && service.flag("Visible") === true);
  if (isInRange) hints.unshift(`Networks are in range. Join one: ${command("fairlead wifi connect NETWORK")}`);
  else if (disabled.length < devices.length)
    hints.unshift(`Nothing is plugged in or in range. More: ${command("fairlead why")}`);
  return hints;
}
