/** View of a Service in status, services and why. */
import type { Daemon } from "../daemon.ts";
import { localTime } from "../text/bus-values.ts";
import { serviceNumber } from "./object-names.ts";
import { refusalSentence, weightierReason } from "./reasons.ts";
import { tunnelLink } from "./setting-sources.ts";
import { type BusObject, flagIn, numberIn, type Properties, type Snapshot, textIn } from "./snapshot.ts";

export interface ServiceView {
  readonly service: BusObject;
  readonly device: BusObject | undefined;
  /** Reason of its state. */
  readonly reason: string;
  /** Why it does not connect by itself; empty: it may. */
  readonly refusal: string;
  /** The missing part that makes it not connectable; empty: none, or it has no name. */
  readonly lacking: string;
  /** The other host that has its address; empty: none is known. */
  readonly conflict: string;
  /** Since it was last connected; empty: it did not fail. */
  readonly lastFailure: string;
  /** Milliseconds since 1970; 0: it did not fail. */
  readonly lastFailureAt: number;
  /** The present step towards an address; empty: none is told. */
  readonly progress: string;
  /** Result of the last probe for the internet; empty: none was made. */
  readonly validation: string;
  /** Milliseconds since 1970; 0: none was made. */
  readonly validationAt: number;
  /** The criterion that puts it before the next; empty for the last. */
  readonly because: string;
  /** Place among the connected, 0 the best; -1: not connected. */
  readonly rank: number;
}

/** In the Manager's order. The reasons come from the same turn or one later; missing ones read as empty. */
export async function viewServices(daemon: Daemon, snapshot: Snapshot): Promise<readonly ServiceView[]> {
  return joinServices(snapshot, await daemon.order());
}

function joinServices(snapshot: Snapshot, order: readonly Properties[]): readonly ServiceView[] {
  const reasons = new Map(order.map((entry) => [textIn(entry, "Path"), entry]));
  return snapshot.services.map((service) => {
    const entry: Properties = reasons.get(service.path) ?? new Map();
    return {
      service,
      device: snapshot.deviceOf(service),
      reason: textIn(entry, "StateReason"),
      refusal: textIn(entry, "AutoConnectRefusal"),
      lacking: textIn(entry, "Lacking"),
      conflict: textIn(entry, "AddressConflict"),
      lastFailure: textIn(entry, "LastFailure"),
      lastFailureAt: numberIn(entry, "LastFailureTime"),
      progress: textIn(entry, "Progress"),
      validation: textIn(entry, "Validation"),
      validationAt: numberIn(entry, "ValidationTime"),
      because: textIn(entry, "Because"),
      rank: entry.has("Rank") ? numberIn(entry, "Rank") : -1,
    };
  });
}

/** Why it does not connect by itself, in words. Undefined: there is nothing to explain. */
export function refusalOf({ service, refusal, lacking }: ServiceView): string | undefined {
  const isUnknown = service.text("Type") === "wifi" && service.reference("Profile") === undefined;
  if (!isUnknown || refusal !== "auto-connect is off") return refusalSentence(refusal, lacking);
  return `it is not a known network${lacking === "" ? "" : `, and ${lacking}`}`;
}

/** Such a Service is never in reach. */
export const holdsSettings = ({ service }: ServiceView): boolean => service.text("Type") === "etherneteap";

/** Without those that only hold settings, unless they are asked for. Each tells its reason against the next one left. */
export function withoutSettings(
  views: readonly ServiceView[],
  asked: readonly BusObject[] = [],
): readonly ServiceView[] {
  const shown: ServiceView[] = [];
  for (const view of views) {
    const last = shown.at(-1);
    if (!holdsSettings(view) || asked.includes(view.service)) shown.push(view);
    else if (last) shown.splice(-1, 1, { ...last, because: weightierReason(last.because, view.because) });
  }
  return shown;
}

/** The reason of the state for a person. */
export const reasonWords = ({ reason }: ServiceView): string => (reason === "D-Bus RPC" ? "asked for by hand" : reason);

export const isVisible = ({ service }: ServiceView): boolean => flagIn(service.properties, "Visible");

/** Empty: it has none. */
export const linkOf = ({ service, device }: Pick<ServiceView, "service" | "device">): string =>
  device?.text("Interface") ?? tunnelLink(service);

export const plainService = ({ service, device, ...view }: ServiceView) => ({
  path: service.path,
  number: Number(serviceNumber(service)),
  name: service.text("Name"),
  type: service.text("Type"),
  link: linkOf({ service, device }) || null,
  state: service.text("State"),
  reason: view.reason,
  error: service.text("Error"),
  visible: service.flag("Visible") ?? false,
  autoConnect: service.flag("AutoConnect") ?? false,
  autoConnectRefusal: view.refusal,
  lacking: view.lacking,
  addressConflict: view.conflict,
  lastFailure: view.lastFailure,
  lastFailureTime: isoTime(view.lastFailureAt),
  progress: view.progress,
  validation: view.validation,
  validationTime: isoTime(view.validationAt),
  profile: service.text("Profile"),
  beforeNextBecause: view.because,
  rank: view.rank,
});

const isoTime = (ms: number): string | null => (ms === 0 ? null : new Date(ms).toISOString());

/** Only where there is a conflict. */
export const conflictSentence = ({ conflict }: ServiceView): string => `Its address is in conflict: ${conflict}.`;

/** Empty: it did not fail since it was last connected. */
export const failureSentence = ({ lastFailure, lastFailureAt }: ServiceView): string =>
  lastFailure === "" ? "" : `The last attempt failed at ${localTime(lastFailureAt)}: ${lastFailure}.`;

/** Empty: no probe was made on this connection. */
export const validationSentence = ({ validation, validationAt }: ServiceView): string =>
  validation === "" ? "" : `The last probe for the internet was at ${localTime(validationAt)}: ${validation}.`;
