import type { WireVariant } from "../base/property.ts";
import type { ConfigurationReport, NetworkConfigurator } from "../manager/network-configurator.ts";
import { args, interfaceTable, methodOf } from "./interface-table.ts";

const method = methodOf<NetworkConfigurator>();

const report = args({ problems: "aa{sv}", changes: "aa{sv}" });
const meaning =
  "problems: Line, Column (u), Severity (error or note) and Message of each; changes: Section (such as `interface wan`), " +
  "Action (add, remove, change live, change ports, start, rebuild) and Options (as) of each.";

/**
 * The network configuration in UCI. Reading it is for administrators, too: the file may hold passwords, if not the
 * answers.
 */
export const configInterface = interfaceTable<NetworkConfigurator>({
  name: "org.fairlead.Config1",
  doc: "The network configuration in UCI, the text of OpenWrt: its effect, and bringing it into force by its difference.",
  methods: {
    ImportUci: method({
      in: { text: "s" },
      out: report,
      doc: `Takes the text for the configuration, and keeps it for the next start. With an error of syntax nothing changes. ${meaning}`,
      errors: ["InvalidArguments", "IllegalOperation", "NotStored", "PermissionDenied"],
      right: "settings",
      call: (configurator, { text }) => wired(configurator.import(text)),
    }),
    PreviewImport: method({
      in: { text: "s" },
      out: report,
      doc: `Changes that ImportUci would make. ${meaning}`,
      errors: ["InvalidArguments", "PermissionDenied"],
      right: "settings",
      call: (configurator, { text }) => wired(configurator.preview(text)),
    }),
    Handlers: {
      in: [],
      out: args({ names: "as", absence: "s" }),
      doc: "Protocols that handlers of other programs bring, by name, and why there are no others.",
      errors: [],
      right: "read",
      call: async ({ handlers }) => {
        await handlers.whenKnown();
        return [handlers.names, handlers.whyNoOthers];
      },
    },
    PreviewReload: {
      in: [],
      out: report,
      doc: `Changes that Reload would make. ${meaning}`,
      errors: ["InvalidArguments", "PermissionDenied"],
      right: "settings",
      call: (configurator) => wired(configurator.preview()),
    },
    Reload: {
      in: [],
      out: report,
      doc: `Reads the file again and brings it into force: unchanged sections are not touched. ${meaning}`,
      errors: ["InvalidArguments", "PermissionDenied"],
      right: "settings",
      call: (configurator) => wired(configurator.reload()),
    },
  },
});

const text = (value: string): WireVariant => ({ signature: "s", value });
const number = (value: number): WireVariant => ({ signature: "u", value });
const wired = ({ problems, changes }: ConfigurationReport) => [
  problems.map(
    ({ line, column, severity, message }) =>
      new Map(
        Object.entries({
          Line: number(line),
          Column: number(column),
          Severity: text(severity),
          Message: text(message),
        }),
      ),
  ),
  changes.map(
    ({ kind, name, action, options }) =>
      new Map<string, WireVariant>([
        ["Section", text(`${kind} ${name}`)],
        ["Action", text(action)],
        ["Options", { signature: "as", value: options }],
      ]),
  ),
];
