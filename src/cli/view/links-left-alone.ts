import type { DeviceView } from "./device-view.ts";
import { flagIn, numberIn, type Properties, textIn } from "./snapshot.ts";

export interface LinkLeftAlone {
  readonly link: string;
  readonly index: number;
  readonly technology: string;
  readonly carrier: boolean;
  readonly because: string;
}

/** Links without a Device, and Devices that are not used by themselves; the loopback is nobody's question. */
export function linksLeftAlone(links: readonly Properties[], views: readonly DeviceView[]): readonly LinkLeftAlone[] {
  const reasonByPath = new Map(views.map(({ device, leftAlone }) => [device.path, leftAlone]));
  return links.flatMap((link): LinkLeftAlone[] => {
    const technology = textIn(link, "Technology");
    const path = textIn(link, "Device");
    const because = path === "/" ? textIn(link, "Because") : (reasonByPath.get(path) ?? "");
    if (technology === "loopback" || because === "") return [];
    const carrier = flagIn(link, "Carrier");
    return [{ link: textIn(link, "Name"), index: numberIn(link, "Index"), technology, carrier, because }];
  });
}
