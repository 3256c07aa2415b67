/** Whether a Device is enabled. Enabling and disabling take time, and may fail; a Device that goes meanwhile stays disabled. */
export type EnableState = "disabled" | "enabling" | "enabled" | "disabling";
export type EnableInput = "enable" | "disable" | "done" | "failed" | "gone";

/** Row: where it stands. Entry: what happened -> where it goes. No entry: nothing comes of it. */
export const enableStates = {
  disabled: { enable: "enabling" },
  enabling: { done: "enabled", failed: "disabled", gone: "disabled" },
  enabled: { disable: "disabling", gone: "disabled" },
  disabling: { done: "disabled", failed: "enabled", gone: "disabled" },
} as const satisfies Record<EnableState, Partial<Record<EnableInput, EnableState>>>;

export const nextEnableState = (state: EnableState, input: EnableInput): EnableState =>
  (enableStates[state] as Partial<Record<EnableInput, EnableState>>)[input] ?? state;
