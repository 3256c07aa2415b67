import type { Style } from "./output.ts";

const connected: ReadonlySet<string> = new Set(["ready", "no-connectivity", "redirect-found", "online"]);
export const isConnectedState = (state: string): boolean => connected.has(state);

/** How a state is told on the first line of `status`, and coloured everywhere. */
const states: Readonly<Record<string, { readonly words: string; readonly style: Style }>> = {
  online: { words: "online", style: "good" },
  ready: { words: "connected, internet not checked", style: "good" },
  "no-connectivity": { words: "connected, no internet", style: "warn" },
  "redirect-found": { words: "connected, a portal asks for a login", style: "warn" },
  association: { words: "connecting", style: "warn" },
  configuration: { words: "connecting", style: "warn" },
  disconnecting: { words: "disconnecting", style: "warn" },
  failure: { words: "not connected", style: "bad" },
  idle: { words: "not connected", style: "dim" },
};

export const stateWords = (state: string): string =>
  (Object.hasOwn(states, state) ? states[state]?.words : undefined) ?? state;
export const stateStyle = (state: string): Style | undefined =>
  Object.hasOwn(states, state) ? states[state]?.style : undefined;
