/** States of a Service, by their names on the bus (docs/contract/shill.md, Words). */
export const connectStates = [
  "idle",
  "association",
  "configuration",
  "ready",
  "no-connectivity",
  "redirect-found",
  "online",
  "disconnecting",
  "failure",
] as const;
export type ConnectState = (typeof connectStates)[number];

export type ConnectInput =
  | "associate"
  | "configure"
  | "configured"
  | "internet-found"
  | "portal-found"
  | "no-internet-found"
  | "disconnect"
  | "disconnected"
  | "fail";

type Row = Partial<Record<ConnectInput, ConnectState>>;

const connected: Row = {
  configure: "configuration",
  "internet-found": "online",
  "portal-found": "redirect-found",
  "no-internet-found": "no-connectivity",
  disconnect: "disconnecting",
  disconnected: "idle",
  fail: "failure",
};

/** Row: where we are. Entry: input -> the next state. No entry: ignored on purpose. */
export const connectMachine: Record<ConnectState, Row> = {
  idle: { associate: "association", configure: "configuration", fail: "failure" },
  association: { configure: "configuration", disconnect: "disconnecting", disconnected: "idle", fail: "failure" },
  configuration: { configured: "ready", disconnect: "disconnecting", disconnected: "idle", fail: "failure" },
  // Validation may be repeated at any time, so each connected state reaches each other one; never back to ready.
  ready: connected,
  "no-connectivity": connected,
  "redirect-found": connected,
  online: connected,
  disconnecting: { disconnected: "idle", fail: "failure" },
  // A new attempt starts from idle: the caller leaves the failure first.
  failure: { disconnected: "idle" },
};

export const nextConnectState = (state: ConnectState, input: ConnectInput): ConnectState | undefined => {
  const next = connectMachine[state][input];
  return next === state ? undefined : next;
};

const connectedStates: ReadonlySet<ConnectState> = new Set(["ready", "no-connectivity", "redirect-found", "online"]);

export const isConnected = (state: ConnectState): boolean => connectedStates.has(state);
export const isConnecting = (state: ConnectState): boolean => state === "association" || state === "configuration";
export const isActive = (state: ConnectState): boolean => isConnected(state) || isConnecting(state);
/** Connected, but validation did not find the internet behind it. */
export const isPortalled = (state: ConnectState): boolean => state === "no-connectivity" || state === "redirect-found";
