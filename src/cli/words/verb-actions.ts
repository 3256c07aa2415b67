/** The actions of verbs with several, as the help shows them. */
import { usageFailure } from "../failure.ts";
import type { Actions } from "../verb.ts";
import { quoted } from "../view/object-names.ts";

export const configActions = {
  check: { operands: "FILE", doc: "its problems, each with line and column; needs no daemon" },
  preview: { operands: "[FILE]", doc: "the changes that reload, or import of the file, would make" },
  import: { operands: "FILE", doc: "hands the file to the daemon, to use from now on" },
  reload: { doc: "has the daemon read its configuration again" },
} as const satisfies Actions;
export type ConfigAction = keyof typeof configActions;

export const profileActions = {
  list: { doc: "the stack, the topmost first" },
  push: { operands: "NAME", doc: "puts it on top of the stack" },
  pop: { operands: "[NAME]", doc: "takes the topmost one off" },
  create: { operands: "NAME", doc: "makes an empty one, and leaves the stack as it is" },
  remove: { operands: "NAME", doc: "deletes one that is not on the stack, with all its contents" },
  export: { operands: "[NAME]", doc: "writes it as text to standard output; without a name, the active one" },
  import: { operands: "[NAME]", doc: "reads such text from standard input" },
} as const satisfies Actions;
export type ProfileAction = keyof typeof profileActions;

export const wifiActions = {
  list: { doc: "the networks in range, strongest first" },
  connect: { operands: "NETWORK", doc: "joins it" },
} as const satisfies Actions;

export const vpnActions = {
  list: { doc: "the known tunnels" },
  import: { operands: "FILE", doc: "takes one from a WireGuard configuration file; - is standard input" },
} as const satisfies Actions;

const objectActions = {
  list: { doc: "all, with their states" },
  show: { operands: "NAME", doc: "every property of one" },
} as const satisfies Actions;

const automationActions = (settings: string, enable: string, disable: string): Actions => ({
  ...objectActions,
  create: { operands: "NAME [SETTING=VALUE...]", doc: `makes one; settings: ${settings}` },
  enable: { operands: "NAME", doc: enable },
  disable: { operands: "NAME", doc: disable },
  destroy: { operands: "NAME", doc: "deletes it" },
});

export const locationActions = automationActions(
  "condition= (as often as needed), mode=any|all|manual, dns=, search=, filter=, profile=",
  "chooses it by hand, over all conditions",
  "leaves the choice to the conditions again",
);
export const modifierActions = automationActions(
  "start=, stop=, condition= (as often as needed), mode=any|all|manual",
  "starts one of mode manual",
  "stops one of mode manual",
);

export const policyActions = {
  ...objectActions,
  enable: { operands: "NAME", doc: "puts it in force, in place of the other" },
} as const satisfies Actions;

export const conditionActions = {
  check: { operands: "CONDITION", doc: "its normal form, or the column of the mistake" },
  eval: { operands: "CONDITION", doc: "whether it holds now; exit code 1: it does not" },
} as const satisfies Actions;

/** Throws a usage {@link import("../failure.ts").Failure}. */
export function actionOf<A extends Actions>(actions: A, word: string): keyof A & string {
  if (Object.hasOwn(actions, word)) return word;
  throw usageFailure(`${quoted(word)} is none of ${Object.keys(actions).join(", ")}`);
}

/** As the line of usage has them. */
export const actionNames = (actions: Actions): string => Object.keys(actions).join("|");
