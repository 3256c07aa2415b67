/** Properties of a Service that change together. */

/** Told after a change of state, in this order: clients rely on Error before IsConnected before State. */
export const stateProperties = [
  "ErrorDetails",
  "LastConnected",
  "LastOnline",
  "StartTime",
  "Error",
  "PreviousError",
  "PreviousErrorSerialNumber",
  "Diagnostics.Disconnects",
  "Diagnostics.Misconnects",
  "ProbeUrl",
  "Visible",
  "IsConnected",
  "State",
] as const;
/** Told when the Service came to a Device or left it. */
export const deviceProperties = ["Device", "Visible", "Connectable"] as const;
/** Told when the settings in use are others. */
export const networkProperties = ["NetworkID", "NetworkConfig", "SavedIPConfig", "Metered"] as const;
/** Settings that decide whether a network is validated. */
export const validationProperties: ReadonlySet<string> = new Set(["CheckPortal", "ONCSource", "ProxyConfig"]);
/** Told when the technology's facts (carrier, signal) are others. */
export const technologyProperties = ["Connectable", "Visible", "Strength"] as const;
