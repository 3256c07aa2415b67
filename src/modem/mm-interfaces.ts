import { remoteInterface } from "../bus/remote-objects.ts";

/** ModemManager's D-Bus interface, as far as it is used here (its reference manual, "API reference"). */
export const mmName = "org.freedesktop.ModemManager1";
export const mmPath = "/org/freedesktop/ModemManager1";
/** D-Bus path for "no object". */
export const noObject = "/";

export const mmModem = remoteInterface("org.freedesktop.ModemManager1.Modem", {
  Sim: "o",
  Bearers: "ao",
  Manufacturer: "s",
  Model: "s",
  Revision: "s",
  Device: "s",
  PrimaryPort: "s",
  Ports: "a(su)",
  EquipmentIdentifier: "s",
  UnlockRequired: "u",
  UnlockRetries: "a{uu}",
  State: "i",
  StateFailedReason: "u",
  AccessTechnologies: "u",
  SignalQuality: "(ub)",
});
export const mmModem3gpp = remoteInterface("org.freedesktop.ModemManager1.Modem.Modem3gpp", {
  RegistrationState: "u",
  OperatorCode: "s",
  OperatorName: "s",
});
export const mmSim = remoteInterface("org.freedesktop.ModemManager1.Sim", {
  SimIdentifier: "s",
  Imsi: "s",
  OperatorIdentifier: "s",
  OperatorName: "s",
});
export const mmBearer = remoteInterface("org.freedesktop.ModemManager1.Bearer", {
  Interface: "s",
  Connected: "b",
  Ip4Config: "a{sv}",
  Ip6Config: "a{sv}",
});
/** Only called. */
export const mmSimple = "org.freedesktop.ModemManager1.Modem.Simple";
