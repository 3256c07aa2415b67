/** The log, for people who look for a fault without a journal at hand. */
import { DaemonError } from "../base/errors.ts";
import { type LogLevel, logLevels } from "../base/log.ts";
import type { WireVariant } from "../base/property.ts";
import type { DebugControl } from "../manager/debug-control.ts";
import type { LogRing } from "../system/log-sink.ts";
import { args, interfaceTable, methodOf } from "./interface-table.ts";

const method = methodOf<LogView>();

export interface LogView {
  readonly debug: DebugControl;
  readonly ring: Pick<LogRing, "newest">;
}

const isLevel = (text: string): text is LogLevel => (logLevels as readonly string[]).includes(text);
const text = (value: string): WireVariant => ({ signature: "s", value });
const number = (value: number): WireVariant => ({ signature: "t", value: BigInt(Math.trunc(value)) });

export const logInterface = interfaceTable<LogView>({
  name: "org.fairlead.Log1",
  doc: "The daemon's log.",
  methods: {
    GetLevel: {
      in: [],
      out: args({ level: "s" }),
      doc: "error, warn, info or debug.",
      right: "read",
      call: ({ debug }) => [debug.levelName],
    },
    SetLevel: method({
      in: { level: "s" },
      out: [],
      doc: "Sets the level of all parts: error, warn, info or debug.",
      errors: ["InvalidArguments", "PermissionDenied"],
      right: "debug",
      call: ({ debug }, { level }) => {
        if (!isLevel(level)) throw new DaemonError("InvalidArguments", `a level is ${logLevels.join(", ")}`);
        debug.setLevelName(level);
        return undefined;
      },
    }),
    GetLines: method({
      in: { after: "t", count: "u" },
      out: args({ lines: "aa{sv}" }),
      doc:
        "The newest lines after a number, oldest first, at most count: Number (t), Time (t, milliseconds since 1970), " +
        "Level, Scope, Text. They hold no secrets; names of networks and addresses they do.",
      errors: ["PermissionDenied"],
      right: "debug",
      call: ({ ring }, { after, count }) => [
        ring.newest(Number(after), count).map(
          (line) =>
            new Map<string, WireVariant>([
              ["Number", number(line.number)],
              ["Time", number(line.at)],
              ["Level", text(line.level)],
              ["Scope", text(line.scope)],
              ["Text", text(line.text)],
            ]),
        ),
      ],
    }),
  },
});
