import { type Daemon, flimflam } from "../daemon.ts";
import { type ExitCode, exitCodes, usageFailure } from "../failure.ts";
import type { Verb, VerbCall } from "../verb.ts";
import { findOne, profileName } from "../view/object-names.ts";
import type { BusObject } from "../view/snapshot.ts";
import { actionNames, actionOf, type ProfileAction, profileActions } from "../words/verb-actions.ts";
import { keptBackOf, profiles } from "./profiles.ts";

/** As much as the daemon takes. */
const longestText = 8 * 1024 * 1024;
const exchange = "org.fairlead.Profile1";

export const profile: Verb = {
  name: "profile",
  operands: `[${actionNames(profileActions)}] [NAME]`,
  leastOperands: 0,
  mostOperands: 2,
  summary: "changes the stack of Profiles, writes one as text, or reads it from standard input",
  options: { secrets: { doc: "export: with passphrases and the like" } },
  actions: profileActions,
  completes: ["action", "profile"],
  async run(call) {
    const { operands, options } = call;
    const [word = "list", name] = operands;
    const action = actionOf(profileActions, word);
    if (options.has("secrets") && action !== "export") throw usageFailure("--secrets goes with export");
    return actions[action](call, name);
  },
};

type Act = (call: VerbCall, name: string | undefined) => Promise<ExitCode>;

/** A method of the Manager about the Profile of that name; its answer, if any, is the path. */
const manage =
  (method: string, withoutName?: string): Act =>
  async ({ daemon, out, options }, name) => {
    if (name === undefined && withoutName === undefined) throw usageFailure("which Profile? its name is missing");
    const [member, args] = name === undefined ? [String(withoutName), []] : [method, [name]];
    const [path] = await (await daemon()).call("/", flimflam("Manager"), member, "s".repeat(args.length), args);
    if (options.json) out.json({ path: path ?? null });
    return exitCodes.ok;
  };

const actions: Readonly<Record<ProfileAction, Act>> = {
  list: (call, name) => {
    if (name !== undefined) throw usageFailure("list takes no name");
    return profiles.run(call);
  },
  push: manage("PushProfile"),
  pop: manage("PopProfile", "PopAnyProfile"),
  create: manage("CreateProfile"),
  remove: manage("RemoveProfile"),
  export: async ({ daemon, out, options }, name) => {
    const known = await daemon();
    const { path } = await findProfile(known, name);
    const [text] = await known.call(path, exchange, options.has("secrets") ? "ExportWithSecrets" : "Export");
    if (options.json) out.json({ path, text });
    else out.lines(String(text).trimEnd().split("\n"));
    return exitCodes.ok;
  },
  import: async ({ daemon, out, options, readInput }, name) => {
    const text = await readInput(longestText);
    const known = await daemon();
    const profile = await findProfile(known, name);
    const { path } = profile;
    const [entries] = await known.call(path, exchange, "Import", "s", [text]);
    const keptBack = await keptBackOf(known, profileName(profile), path);
    if (options.json) out.json({ path, entries, ...keptBack.plain });
    else for (const sentence of keptBack.sentences) out.paragraph(sentence, 2);
    return exitCodes.ok;
  },
};

/** The active one without a name. */
async function findProfile(daemon: Daemon, name: string | undefined): Promise<BusObject> {
  const snapshot = await daemon.snapshot();
  const active = snapshot.profiles.find(({ path }) => path === snapshot.manager.reference("ActiveProfile"));
  const wanted = name ?? (active && profileName(active));
  return findOne(snapshot, wanted ?? "", ["profile"]);
}
