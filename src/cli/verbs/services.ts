import { exitCodes } from "../failure.ts";
import { type Column, tableLines } from "../text/table.ts";
import { type Line, type Span, styled } from "../text/terminal-output.ts";
import type { Verb } from "../verb.ts";
import { serviceNumber } from "../view/object-names.ts";
import { stateStyle } from "../view/service-states.ts";
import {
  holdsSettings,
  isVisible,
  linkOf,
  plainService,
  reasonWords,
  type ServiceView,
  viewServices,
} from "../view/service-view.ts";

const columns: readonly Column[] = [
  { title: "NO", align: "right" },
  { title: "SERVICE", least: 8 },
  { title: "TYPE" },
  { title: "LINK", least: 6 },
  { title: "STATE" },
  { title: "REASON", least: 6 },
];

export function serviceTable(views: readonly ServiceView[], width: number): Line[] {
  return tableLines(columns, views.map(row), width);
}

function row(view: ServiceView): readonly Span[] {
  const { service } = view;
  const state = service.text("State");
  return [
    serviceNumber(service),
    service.text("Name"),
    service.text("Type"),
    linkOf(view),
    styled(state, stateStyle(state)),
    reasonWords(view),
  ];
}

export const services: Verb = {
  name: "services",
  operands: "",
  leastOperands: 0,
  mostOperands: 0,
  summary: "Services in their order, best first",
  options: { all: { doc: "also those that cannot be reached now" } },
  async run({ daemon, out, options }) {
    const connected = await daemon();
    const views = await viewServices(connected, await connected.snapshot());
    const shown = options.has("all") ? views : views.filter(isVisible);
    if (options.json) out.json({ services: shown.map(plainService) });
    else out.lines(serviceTable(shown, out.columns));
    const hidden = views.filter((view) => !shown.includes(view) && !holdsSettings(view)).length;
    if (!options.json && hidden > 0) out.line(styled(`${hidden} more out of reach: fairlead services --all`, "dim"));
    return exitCodes.ok;
  },
};
