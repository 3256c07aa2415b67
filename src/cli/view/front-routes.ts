/** The program whose default route is in front: a sentence where it is another one. */
import { flagIn, numberIn, type Properties, textIn } from "./snapshot.ts";

export interface FrontRouteView {
  readonly family: number;
  readonly destination: string;
  /** Empty: the route has none, or several. */
  readonly link: string;
  readonly gateway: string;
  readonly type: string;
  readonly metric: number;
  readonly protocol: number;
  readonly own: boolean;
  /** Link of the route of ours that comes after it; empty: there is none. */
  readonly overtakenLink: string;
  readonly overtakenMetric: number;
}

export const frontRouteView = (entry: Properties): FrontRouteView => ({
  family: numberIn(entry, "Family"),
  destination: textIn(entry, "Destination"),
  link: textIn(entry, "Link"),
  gateway: textIn(entry, "Gateway"),
  type: textIn(entry, "Type"),
  metric: numberIn(entry, "Metric"),
  protocol: numberIn(entry, "Protocol"),
  own: flagIn(entry, "Own"),
  overtakenLink: textIn(entry, "OvertakenLink"),
  overtakenMetric: numberIn(entry, "OvertakenMetric"),
});

/** As in iproute2's rt_protos. */
const protocols: Readonly<Record<number, string>> = {
  1: "redirect",
  2: "kernel",
  3: "boot",
  4: "static",
  9: "ra",
  11: "zebra",
  12: "bird",
  16: "dhcp",
};

export const isOvertaking = ({ own, overtakenLink }: FrontRouteView): boolean => !own && overtakenLink !== "";

/** Undefined: it is ours, and there is nothing to explain. */
export function frontRouteSentence(view: FrontRouteView): string | undefined {
  if (view.own) return undefined;
  const { family, metric, protocol } = view;
  const sign = `metric ${metric}, protocol ${protocols[protocol] ?? protocol}`;
  return `IPv${family} packets ${whereTo(view)}: the route that is in front (${sign}) is not Fairlead's${comparison(view)}.`;
}

function whereTo({ type, link, gateway }: FrontRouteView): string {
  if (type !== "unicast") return `are refused (${type})`;
  return `go by ${link === "" ? "several ways" : link}${gateway === "" ? "" : ` to ${gateway}`}`;
}

/** A longer destination comes first at any metric. */
function comparison({ overtakenLink, overtakenMetric, destination }: FrontRouteView): string {
  if (overtakenLink === "") return "";
  if (!destination.endsWith("/0")) return `; it takes ${destination} and the like from that of ${overtakenLink}`;
  return `, and comes before that of ${overtakenLink} (metric ${overtakenMetric})`;
}
