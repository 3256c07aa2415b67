/** States of Locations and Modifiers, as one table. The words are NWAM's: a star means that work is under way. Pure. */

export const activationStates = ["disabled", "offline", "offline*", "online", "online*", "maintenance"] as const;
export type ActivationState = (typeof activationStates)[number];

export const activationInputs = [
  /** By hand, or because its conditions hold. */
  "wanted",
  /** Its conditions do not hold any more, or another one was chosen. */
  "unwanted",
  /** A person switched it off. */
  "disable",
  /** A person leaves it to the conditions again. */
  "release",
  "configured",
  "deconfigured",
  "failed",
] as const;
export type ActivationInput = (typeof activationInputs)[number];

/** Row: the present state. Entry: the input, and the next state. No entry: ignored on purpose. */
export const activationMachine = {
  disabled: { wanted: "offline*", release: "offline" },
  offline: { wanted: "offline*", disable: "disabled" },
  "offline*": { configured: "online", unwanted: "online*", failed: "maintenance" },
  online: { unwanted: "online*", failed: "maintenance" },
  "online*": { deconfigured: "offline", disable: "disabled", wanted: "offline*", failed: "maintenance" },
  // Left by hand or by a change of the conditions, never by late news of a program.
  maintenance: { wanted: "offline*", unwanted: "offline", disable: "disabled" },
} as const satisfies Record<ActivationState, Partial<Record<ActivationInput, ActivationState>>>;

export const nextActivation = (state: ActivationState, input: ActivationInput): ActivationState | undefined =>
  (activationMachine[state] as Partial<Record<ActivationInput, ActivationState>>)[input];

/** Why an object is in maintenance. */
export type ActivationFault = "method-failed" | "method-missing" | "invalid-config";

const auxOfState = {
  disabled: "manual-disable",
  offline: "conditions-not-met",
  "offline*": "method-running",
  online: "active",
  "online*": "method-running",
  maintenance: undefined,
} as const satisfies Record<ActivationState, string | undefined>;

/** The second word of a state, as NWAM shows it. */
export const auxOf = (state: ActivationState, fault: ActivationFault = "method-failed"): string =>
  auxOfState[state] ?? fault;
