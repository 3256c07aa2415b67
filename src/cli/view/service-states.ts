import type { Style } from "../text/terminal-output.ts";

const connected: ReadonlySet<string> = new Set(["ready", "no-connectivity", "redirect-found", "online"]);
export const isConnectedState = (state: string): boolean => connected.has(state);
export const isConnectingState = (state: string): boolean => state === "association" || state === "configuration";

interface StateWords {
  /** Meaning of the state for the machine. */
  readonly claim: string;
  readonly note?: string;
  readonly style: Style;
}

const states: Readonly<Record<string, StateWords>> = {
  online: { claim: "online", style: "good" },
  ready: { claim: "connected", note: "internet not checked", style: "good" },
  "no-connectivity": { claim: "connected", note: "no internet behind it", style: "warn" },
  "redirect-found": { claim: "connected", note: "a portal asks for a login", style: "warn" },
  association: { claim: "connecting", style: "warn" },
  configuration: { claim: "connecting", style: "warn" },
  disconnecting: { claim: "disconnecting", style: "warn" },
  failure: { claim: "not connected", style: "bad" },
  idle: { claim: "not connected", style: "dim" },
};

export const stateWords = (state: string): StateWords | undefined =>
  Object.hasOwn(states, state) ? states[state] : undefined;
export const stateStyle = (state: string): Style | undefined => stateWords(state)?.style;
