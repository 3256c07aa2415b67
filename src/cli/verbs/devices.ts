import { exitCodes } from "../failure.ts";
import { type Column, tableLines } from "../text/table.ts";
import { type Line, type Span, styled } from "../text/terminal-output.ts";
import type { Verb } from "../verb.ts";
import {
  type DeviceView,
  type LinkLeftAlone,
  linkState,
  linksLeftAlone,
  macOf,
  plainDevice,
  viewDevices,
} from "../view/device-view.ts";
import { labelOf } from "../view/object-names.ts";
import type { Snapshot } from "../view/snapshot.ts";

const deviceColumns: readonly Column[] = [
  { title: "DEVICE", least: 6 },
  { title: "TYPE" },
  { title: "LINK" },
  { title: "MAC" },
  { title: "CARRIES", least: 8 },
  { title: "STATE" },
];
const linkColumns: readonly Column[] = [
  { title: "LINK", least: 6 },
  { title: "TECHNOLOGY" },
  { title: "CARRIER" },
  { title: "LEFT ALONE BECAUSE", least: 8 },
];

export const devices: Verb = {
  name: "devices",
  operands: "",
  leastOperands: 0,
  mostOperands: 0,
  summary: "Devices, the links that Fairlead manages",
  options: { all: { doc: "also the links that are left alone, and why" } },
  async run({ daemon, out, options }) {
    const connected = await daemon();
    const snapshot = await connected.snapshot();
    const views = await viewDevices(connected, snapshot);
    const others = options.has("all") ? linksLeftAlone(await connected.links(), views) : undefined;
    if (options.json) {
      out.json({ devices: views.map(plainDevice), ...(others && { linksLeftAlone: others }) });
      return exitCodes.ok;
    }
    out.lines(deviceTable(views, snapshot, out.columns));
    if (others && others.length > 0) {
      out.line();
      out.lines(tableLines(linkColumns, others.map(linkRow), out.columns));
    }
    return exitCodes.ok;
  },
};

function deviceTable(views: readonly DeviceView[], snapshot: Snapshot, width: number): Line[] {
  const rows = views.map((view) => [
    view.device.text("Interface"),
    view.device.text("Type"),
    linkState(view),
    macOf(view.device),
    view.service ? labelOf(view.service, snapshot) : "",
    view.service?.text("State") ?? "",
  ]);
  return tableLines(deviceColumns, rows, width);
}

const linkRow = ({ link, technology, carrier, because }: LinkLeftAlone): readonly Span[] => [
  link,
  technology,
  carrier ? "yes" : styled("no", "dim"),
  because,
];
