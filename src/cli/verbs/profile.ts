import { type Daemon, flimflam } from "../daemon.ts";
import { type ExitCode, exitCodes, usageFailure } from "../failure.ts";
import { command } from "../text/printable.ts";
import type { Verb, VerbCall } from "../verb.ts";
import { findOne, profileName } from "../view/object-names.ts";
import type { BusObject } from "../view/snapshot.ts";
import { actionNames, actionOf, type ProfileAction, profileActions } from "../words/verb-actions.ts";
import { emptyStack, keptBackOf, profiles } from "./profiles.ts";

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

/** A method of the Manager about Profiles; the path in its answer. */
async function manage({ daemon }: VerbCall, method: string, ...names: string[]): Promise<string> {
  const [path] = await (await daemon()).call("/", flimflam("Manager"), method, "s".repeat(names.length), names);
  return String(path);
}
function given(name: string | undefined): string {
  if (name === undefined) throw usageFailure("which Profile? its name is missing");
  return name;
}

/** The name may be a slip, as shill's API takes any. */
const withoutFile = (name: string): string =>
  `${name} is new and has no file: its settings are kept in memory, and are gone once it is popped. ` +
  `One that lasts: ${command("fairlead profile pop")}, ${command(`fairlead profile create ${name}`)}, and push it again.`;
function popped(stack: readonly string[]): readonly string[] {
  const sentences = [`${stack.at(-1)} is off the stack.`];
  return stack.length > 1 ? sentences : [...sentences, emptyStack];
}

const actions: Readonly<Record<ProfileAction, Act>> = {
  list: (call, name) => {
    if (name !== undefined) throw usageFailure("list takes no name");
    return profiles.run(call);
  },
  push: async (call, name) => {
    const { daemon, out, options } = call;
    const path = await manage(call, "PushProfile", given(name));
    const hasFile = await (await daemon()).profileHasFile(path);
    if (options.json) out.json({ path, hasFile });
    else if (!hasFile) out.paragraph(withoutFile(given(name)), 2);
    return exitCodes.ok;
  },
  pop: async (call, name) => {
    const { daemon, out, options } = call;
    const before = await (await daemon()).snapshot();
    await (name === undefined ? manage(call, "PopAnyProfile") : manage(call, "PopProfile", name));
    if (options.json) out.json({ path: null });
    else out.lines(popped(before.profiles.map(profileName)));
    return exitCodes.ok;
  },
  create: async (call, name) => {
    const path = await manage(call, "CreateProfile", given(name));
    if (call.options.json) call.out.json({ path });
    return exitCodes.ok;
  },
  remove: async (call, name) => {
    await manage(call, "RemoveProfile", given(name));
    if (call.options.json) call.out.json({ path: null });
    return exitCodes.ok;
  },
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
