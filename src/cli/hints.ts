/** What a person can do about the present state, each in one or two sentences. */
import type { DeviceView } from "./device-view.ts";
import { isConnectedState } from "./service-states.ts";
import type { ServiceView } from "./service-view.ts";

/** Enough to act on; `why` tells the rest. */
const mostHints = 4;

export function hintsFor(services: readonly ServiceView[], devices: readonly DeviceView[]): readonly string[] {
  const hints = [...services.map(serviceHint), ...devices.map(deviceHint)].filter((hint) => hint !== undefined);
  const isConnected = services.some(({ service }) => isConnectedState(service.text("State")));
  if (!isConnected && hints.length === 0) hints.push(...idleHint(devices));
  return hints.slice(0, mostHints);
}

function serviceHint({ service, device, refusal }: ServiceView): string | undefined {
  const word = device?.text("Interface") || service.path;
  const state = service.text("State");
  if (state === "failure") {
    const details = service.text("ErrorDetails");
    const cause = `${service.text("Error")}${details === "" ? "" : ` (${details})`}`;
    return `${word} failed: ${cause}. Try again: fairlead connect ${word}`;
  }
  if (state === "redirect-found") {
    const url = service.text("ProbeUrl");
    return `${word} is behind a portal; log in with a browser${url === "" ? "" : ` at ${url}`}.`;
  }
  if (refusal === "explicitly disconnected") {
    return `${word} was disconnected and waits for you: fairlead connect ${word}`;
  }
  return undefined;
}

function deviceHint({ device, leftAlone }: DeviceView): string | undefined {
  if (leftAlone === "") return undefined;
  const link = device.text("Interface");
  return `${link} is left alone: ${leftAlone}. Use it: fairlead connect ${link}`;
}

function idleHint(devices: readonly DeviceView[]): string[] {
  if (devices.length === 0) return ["There is no link that Fairlead can use: fairlead devices --all tells why."];
  const disabled = devices.find(({ device }) => device.flag("Powered") === false);
  if (disabled) return [`${disabled.device.text("Interface")} is disabled.`];
  return ["Nothing is plugged in or in range. More: fairlead why"];
}
