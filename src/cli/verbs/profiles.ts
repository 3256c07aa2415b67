import { exitCodes } from "../failure.ts";
import { profileName } from "../names.ts";
import { styled } from "../output.ts";
import { type Column, tableLines } from "../table.ts";
import type { Verb } from "../verb.ts";

const columns: readonly Column[] = [
  { title: "PROFILE", least: 8 },
  { title: "USE" },
  { title: "ENTRIES", align: "right" },
  { title: "PATH", least: 8 },
];

export const profiles: Verb = {
  name: "profiles",
  operands: "",
  leastOperands: 0,
  mostOperands: 0,
  summary: "the stack of Profiles, where settings are kept; the topmost first",
  async run({ daemon, out, options }) {
    const snapshot = await (await daemon()).snapshot();
    const active = snapshot.manager.reference("ActiveProfile");
    const list = snapshot.profiles.toReversed().map((profile) => ({
      name: profileName(profile),
      path: profile.path,
      active: profile.path === active,
      entries: profile.list("Entries"),
    }));
    if (options.json) out.json({ profiles: list });
    else {
      const rows = list.map(({ name, path, active, entries }) => [
        name,
        active ? styled("active", "good") : "",
        String(entries.length),
        path,
      ]);
      out.lines(tableLines(columns, rows, out.columns));
    }
    return exitCodes.ok;
  },
};
