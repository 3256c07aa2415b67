/** Verbs for the places where the machine is: Locations, Modifiers, policies, conditions. */
import type { WireVariant } from "../../base/property.ts";
import { fairlead } from "../daemon.ts";
import { type ExitCode, exitCodes, usageFailure } from "../failure.ts";
import type { Actions, Verb, VerbCall } from "../verb.ts";
import {
  type AutomationKind,
  findObject,
  objectTable,
  plainObject,
  propertyLines,
  readObjects,
} from "../view/automation-view.ts";
import { quoted } from "../view/object-names.ts";
import { conditionText, locationWords, modifierWords, settingsOf } from "../words/automation-words.ts";
import {
  actionNames,
  actionOf,
  conditionActions,
  locationActions,
  modifierActions,
  policyActions,
} from "../words/verb-actions.ts";

/** As many conditions as there may be, and the other settings. */
const mostWords = 64;

export const location = objectVerb("Location", {
  summary: "places: what follows from where the machine is, and the choice by hand",
  actions: locationActions,
  settings: (words) => settingsOf(words, locationWords),
});
export const modifier = objectVerb("Modifier", {
  summary: "programs that change the network in their own way, started by hand or by conditions",
  actions: modifierActions,
  settings: (words) => settingsOf(words, modifierWords),
});

interface ObjectVerb {
  readonly summary: string;
  readonly actions: Actions;
  readonly settings: (words: readonly string[]) => ReadonlyMap<string, WireVariant>;
}

function objectVerb(kind: "Location" | "Modifier", { summary, actions, settings }: ObjectVerb): Verb {
  const verb = kind === "Location" ? "location" : "modifier";
  return {
    name: verb,
    operands: `[${actionNames(actions)}] [NAME] [SETTING=VALUE...]`,
    leastOperands: 0,
    mostOperands: mostWords,
    summary,
    actions,
    completes: ["action", verb, `${verb}-setting`],
    async run(call) {
      const [action = "list", name, ...words] = call.operands;
      if (action === "list" && name === undefined) return list(call, kind);
      actionOf(actions, action);
      if (action === "list" || name === undefined) throw usageFailure(`${action}: ${name ? "no" : "a"} name is wanted`);
      if (action === "create") return create(call, kind, name, settings(words));
      if (words.length > 0) throw usageFailure(`unexpected ${quoted(words[0] as string)}`);
      return action === "show" ? show(call, kind, name) : order(call, kind, name, capital(action));
    },
  };
}
const capital = (word: string): string => word.charAt(0).toUpperCase() + word.slice(1);

async function list({ daemon, out, options }: VerbCall, kind: AutomationKind): Promise<ExitCode> {
  const objects = await readObjects(await daemon(), kind);
  const field = { Location: "locations", Modifier: "modifiers", Policy: "policies" }[kind];
  if (options.json) out.json({ [field]: objects.map(plainObject) });
  else if (objects.length === 0) out.line(`There are no ${field}.`);
  else out.lines(objectTable(kind, objects, out.columns));
  return exitCodes.ok;
}
async function show({ daemon, out, options }: VerbCall, kind: AutomationKind, name: string): Promise<ExitCode> {
  const object = findObject(await readObjects(await daemon(), kind), kind, name);
  if (options.json) out.json(plainObject(object));
  else out.lines(propertyLines(object));
  return exitCodes.ok;
}
async function create(
  { daemon, out, options }: VerbCall,
  kind: AutomationKind,
  name: string,
  settings: ReadonlyMap<string, WireVariant>,
): Promise<ExitCode> {
  const connected = await daemon();
  const args = [name, settings];
  const [path] = await connected.call("/", fairlead("Automation1"), `Create${kind}`, "sa{sv}", args);
  const made = findObject(await readObjects(connected, kind), kind, name);
  const heldBack = made.properties.get("HeldBack")?.value;
  if (options.json) out.json({ path, heldBack: heldBack ?? "" });
  else if (heldBack) out.paragraph(`${name} is stored and takes no part: ${String(heldBack)}.`, 2);
  return exitCodes.ok;
}
async function order(
  { daemon, out, options }: VerbCall,
  kind: AutomationKind,
  name: string,
  member: string,
): Promise<ExitCode> {
  const connected = await daemon();
  const { path } = findObject(await readObjects(connected, kind), kind, name);
  await connected.call(path, fairlead(`${kind}1`), member);
  if (options.json) out.json({ path });
  return exitCodes.ok;
}

export const policy: Verb = {
  name: "policy",
  operands: `[${actionNames(policyActions)}] [NAME]`,
  leastOperands: 0,
  mostOperands: 2,
  summary: "which links may hold a connection: All, or Automatic (cables before radios)",
  actions: policyActions,
  completes: ["action", "policy", "none"],
  async run(call) {
    const [action = "list", name] = call.operands;
    if (action === "list" && name === undefined) return list(call, "Policy");
    if (action === "show" && name !== undefined) return show(call, "Policy", name);
    if (action === "enable" && name !== undefined) return order(call, "Policy", name, "Activate");
    throw usageFailure("policy list, policy show NAME, or policy enable NAME");
  },
};

export const condition: Verb = {
  name: "condition",
  operands: `${actionNames(conditionActions)} CONDITION`,
  leastOperands: 2,
  mostOperands: mostWords,
  summary:
    "reads a condition of a location or a modifier, and says whether it holds now: KIND OPERATOR VALUE, such as " +
    "'ip-address is-in-range 10.0.0.0/8' or 'link eth0 is active'",
  actions: conditionActions,
  completes: ["action", "none"],
  async run({ daemon, operands, out, options }) {
    const [word = "", ...words] = operands;
    const action = actionOf(conditionActions, word);
    const text = conditionText(words);
    const ask = async (member: string) => (await daemon()).read("/", fairlead("Conditions1"), member, "s", [text]);
    if (action === "check") {
      const [normal] = await ask("Validate");
      if (options.json) out.json({ condition: normal });
      else out.value(String(normal));
      return exitCodes.ok;
    }
    const [holds, because] = await ask("Evaluate");
    if (options.json) out.json({ condition: text, holds, because });
    else out.line(`${holds === true ? "true" : "false"}: ${String(because)}`);
    return holds === true ? exitCodes.ok : exitCodes.refused;
  },
};
