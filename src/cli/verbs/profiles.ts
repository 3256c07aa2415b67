import type { Daemon } from "../daemon.ts";
import { exitCodes } from "../failure.ts";
import { type Column, tableLines } from "../text/table.ts";
import { styled } from "../text/terminal-output.ts";
import type { Verb } from "../verb.ts";
import { profileName } from "../view/object-names.ts";

const columns: readonly Column[] = [
  { title: "PROFILE", least: 8 },
  { title: "USE" },
  { title: "ENTRIES", align: "right" },
  { title: "PATH", least: 8 },
];

export const emptyStack =
  "No Profile is on the stack: nothing is stored. The machine's own: fairlead profile push default";

export const profiles: Verb = {
  name: "profiles",
  operands: "",
  leastOperands: 0,
  mostOperands: 0,
  summary: "the stack of Profiles, where settings are kept; the topmost first",
  async run({ daemon, out, options }) {
    const connected = await daemon();
    const snapshot = await connected.snapshot();
    const active = snapshot.manager.reference("ActiveProfile");
    const list = snapshot.profiles.toReversed().map((profile) => ({
      name: profileName(profile),
      path: profile.path,
      active: profile.path === active,
      entries: profile.list("Entries"),
    }));
    const reasons = await Promise.all(list.map(({ name, path }) => keptBackOf(connected, name, path)));
    if (options.json) out.json({ profiles: list.map((one, at) => ({ ...one, ...reasons[at]?.plain })) });
    else if (list.length === 0) out.line(emptyStack);
    else {
      const rows = list.map(({ name, path, active, entries }) => [
        name,
        active ? styled("active", "good") : "",
        String(entries.length),
        path,
      ]);
      out.lines(tableLines(columns, rows, out.columns));
      for (const sentence of reasons.flatMap(({ sentences }) => sentences)) out.paragraph(sentence, 2);
    }
    return exitCodes.ok;
  },
};

interface KeptBack {
  readonly sentences: readonly string[];
  readonly plain: { readonly keptBack?: Readonly<Record<string, string>> };
}

/** Settings of a user's Profile that are stored and not in force. */
export async function keptBackOf(daemon: Daemon, name: string, path: string): Promise<KeptBack> {
  if (!name.startsWith("~")) return { sentences: [], plain: {} };
  const reasons = await daemon.keptBack(path);
  return {
    sentences: [...reasons].map(([entry, because]) => `${name} [${entry}] is stored and not in force: ${because}.`),
    plain: reasons.size > 0 ? { keptBack: Object.fromEntries(reasons) } : {},
  };
}
