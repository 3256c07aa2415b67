import type { WireVariant } from "../../base/property.ts";
import { exitCodes } from "../failure.ts";
import { clockTime, toPlain, toText } from "../text/bus-values.ts";
import { type Line, type Span, type Style, styled } from "../text/terminal-output.ts";
import type { Verb } from "../verb.ts";
import { LiveView, type News, type ObjectNews, type Subject } from "../view/live-view.ts";
import { stateStyle } from "../view/service-states.ts";

const subjectWidth = 16;

export const monitor: Verb = {
  name: "monitor",
  operands: "",
  leastOperands: 0,
  mostOperands: 0,
  summary: "shows what happens, as it happens, until Ctrl-C",
  options: { all: { doc: "also numbers and times that follow from other changes" } },
  async run(call) {
    const { out, options } = call;
    const daemon = await call.daemon();
    const interrupted = new Promise<void>((resolve) => call.onInterrupt(resolve));
    const isShown = (news: News) => options.has("all") || !isAside(news);
    const view: LiveView = new LiveView(
      daemon,
      (news, at) => {
        if (options.json) out.json(plainNews(news, at), 0);
        else if (isShown(news)) out.line(newsLine(news, at, (text) => view.nameOf(text)));
      },
      () => call.clock.wallTime(),
    );
    await view.start();
    await interrupted;
    view.close();
    return exitCodes.ok;
  },
};

/** Properties that repeat another line, or are of use to programs only. */
const aside: ReadonlySet<string> = new Set([
  "Services",
  "ServiceCompleteList",
  "ConnectedTechnologies",
  "IsConnected",
  "LastConnected",
  "LastOnline",
  "LastManualConnectAttempt",
  "StartTime",
  "NetworkID",
  "IPConfig",
  "IPConfigs",
  "SelectedService",
  "Visible",
  "UplinkSpeedKbps",
  "DownlinkSpeedKbps",
  "NetworkConfig",
  "SavedIPConfig",
  "PreviousError",
  "PreviousErrorSerialNumber",
  "Diagnostics.Disconnects",
  "Diagnostics.Misconnects",
]);
const isAside = (news: News): boolean =>
  (news.kind === "property-changed" && aside.has(news.property)) ||
  (news.kind === "event" && news.type === "carrier-changed");

const plainNews = (news: News, at: number): object => {
  const time = new Date(at).toISOString();
  if (!("subject" in news)) return { time, kind: news.kind };
  const { path, kind: objectKind, label } = news.subject;
  const subject = { time, kind: news.kind, path, objectKind, object: label };
  if (news.kind === "event") return { ...subject, type: news.type, because: news.because };
  if (news.kind !== "property-changed") return subject;
  const { property, before, after, because } = news;
  return { ...subject, property, old: toPlain(before ?? null), new: toPlain(after ?? null), because };
};

const daemonWords: Readonly<Record<string, readonly [string, Style]>> = {
  "daemon-gone": ["the daemon is gone; waiting for it", "bad"],
  "daemon-there": ["the daemon is back", "good"],
  "bus-gone": ["the message bus is gone; waiting for it", "bad"],
  "bus-there": ["the message bus is back", "good"],
};

type NameOf = (text: string) => string;

function newsLine(news: News, at: number, nameOf: NameOf): Line {
  const time = styled(clockTime(at), "dim");
  if (!("subject" in news)) return [time, "  ", styled(...(daemonWords[news.kind] as [string, Style]))];
  return [time, "  ", ...subjectSpans(news.subject), ...whatHappened(news, nameOf)];
}

const subjectSpans = ({ label }: Subject): Span[] => [styled(label.padEnd(subjectWidth), "bold"), "  "];

function whatHappened(news: ObjectNews, nameOf: NameOf): Span[] {
  switch (news.kind) {
    case "object-added":
      return [`${news.subject.kind} is there`];
    case "object-removed":
      return [`${news.subject.kind} is gone`];
    case "event":
      return [news.type, because(news.because)];
    default: {
      const { property, before, after } = news;
      const now = text(property, after, nameOf);
      const style = property === "State" || property === "ConnectionState" ? stateStyle(now) : undefined;
      return [`${property}: ${text(property, before, nameOf)} -> `, styled(now, style), because(news.because)];
    }
  }
}

const because = (reason: string): Span => styled(reason === "" ? "" : ` (${reason})`, "dim");

function text(property: string, variant: WireVariant | undefined, nameOf: NameOf): string {
  if (!variant) return "none";
  const { value } = variant;
  if (typeof value === "string") return value === "/" || value === "" ? "none" : nameOf(value);
  if (Array.isArray(value))
    return value.length === 0
      ? "none"
      : value.map((item) => (typeof item === "string" ? nameOf(item) : toText(property, item))).join(", ");
  return value instanceof Map && value.size === 0 ? "none" : toText(property, value);
}
