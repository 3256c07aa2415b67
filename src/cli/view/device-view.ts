/** View of a Device in status, devices and why. */

import type { Daemon } from "../daemon.ts";
import { Failure } from "../failure.ts";
import { type Span, styled } from "../text/terminal-output.ts";
import { addressOf, plainIpConfig } from "./ip-config-view.ts";
import { type BusObject, flagIn, numberIn, type Properties, type Snapshot, textIn } from "./snapshot.ts";

export interface DeviceView {
  readonly device: BusObject;
  /** The Service it carries; undefined: none. */
  readonly service: BusObject | undefined;
  readonly ipConfigs: readonly BusObject[];
  /** Why the link is used only on request; empty: it is used. */
  readonly leftAlone: string;
}

/** All Devices. Those without a Service are asked why; one that goes meanwhile has no reason. */
export function viewDevices(daemon: Daemon, snapshot: Snapshot): Promise<readonly DeviceView[]> {
  return Promise.all(
    snapshot.devices.map(async (device) => {
      const service = snapshot.at(device.reference("SelectedService"));
      const leftAlone = service ? "" : await leftAloneBecause(daemon, device);
      return { device, service, ipConfigs: snapshot.ipConfigsOf(device), leftAlone };
    }),
  );
}

async function leftAloneBecause(daemon: Daemon, device: BusObject): Promise<string> {
  try {
    return textIn(await daemon.why(device.path, "Device"), "LeftAlone");
  } catch (error) {
    if (error instanceof Failure && error.errorName !== "") return "";
    throw error;
  }
}

/** Undefined: the technology has no such thing as carrier. */
export const carrierOf = (device: BusObject): boolean | undefined => device.flag("Ethernet.LinkUp");

/** State of a radio, where carrier says nothing. */
function radioState({ device, service }: DeviceView): Span {
  if (service) return styled("associated", "good");
  return device.flag("Scanning") ? "scanning" : styled("not associated", "dim");
}

export function linkState(view: DeviceView): Span {
  const { device, leftAlone } = view;
  if (device.flag("Powered") === false) return styled("disabled", "dim");
  if (leftAlone !== "") return styled("left alone", "dim");
  const carrier = carrierOf(device);
  if (device.flag("Scanning") !== undefined) return radioState(view);
  if (carrier === undefined) return "enabled";
  return carrier ? styled("carrier", "good") : styled("no carrier", "dim");
}

export const plainDevice = ({ device, service, ipConfigs, leftAlone }: DeviceView) => ({
  path: device.path,
  link: device.text("Interface"),
  type: device.text("Type"),
  mac: macOf(device),
  enabled: device.flag("Powered") ?? false,
  carrier: carrierOf(device) ?? null,
  leftAlone,
  service: service?.path ?? null,
  addresses: addressesOf({ device, ipConfigs }),
  ipConfigs: ipConfigs.map(plainIpConfig),
});

/**
 * All of both families, as `192.0.2.5/24`. An IPConfig has the first one of its family alone, and shill's daemon no
 * more than that.
 */
export function addressesOf({ device, ipConfigs }: Pick<DeviceView, "device" | "ipConfigs">): readonly string[] {
  const all = device.list("Addresses");
  return all.length > 0 ? all : ipConfigs.map(addressOf).filter((address) => address !== "");
}

/** With colons, as other tools write it. */
export const macOf = (device: BusObject): string => device.text("Address").replace(/(..)(?=.)/g, "$1:");

/** Path of the Service that the link was made for alone; empty: none. */
export const serviceOfLink = (link: Properties): string => textIn(link, "Service").replace(/^\/$/, "");

export interface LinkLeftAlone {
  readonly link: string;
  readonly index: number;
  readonly technology: string;
  readonly carrier: boolean;
  readonly because: string;
}

/**
 * Links without a Device, and Devices that are not used by themselves. The loopback is left out, and so are links that
 * were made for a Service.
 */
export function linksLeftAlone(links: readonly Properties[], views: readonly DeviceView[]): readonly LinkLeftAlone[] {
  const reasonByPath = new Map(views.map(({ device, leftAlone }) => [device.path, leftAlone]));
  return links.flatMap((link): LinkLeftAlone[] => {
    const technology = textIn(link, "Technology");
    const path = textIn(link, "Device");
    const because = path === "/" ? textIn(link, "Because") : (reasonByPath.get(path) ?? "");
    if (technology === "loopback" || because === "" || serviceOfLink(link) !== "") return [];
    const carrier = flagIn(link, "Carrier");
    return [{ link: textIn(link, "Name"), index: numberIn(link, "Index"), technology, carrier, because }];
  });
}
