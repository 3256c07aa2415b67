/** NetworkManager's D-Bus objects, as far as they are read (networkmanager.dev, D-Bus API). */
import { remoteInterface } from "../../bus/remote-objects.ts";
import type { RadioState } from "../supplicant.ts";

export const nmName = "org.freedesktop.NetworkManager";
export const nmObjectManager = "/org/freedesktop";
/** In place of an object that there is none of. */
export const noObject = "/";

export const nmDevice = remoteInterface("org.freedesktop.NetworkManager.Device", {
  Interface: "s",
  Managed: "b",
  /** The state and why it was entered, in one: two properties could be of two moments. */
  StateReason: "(uu)",
  ActiveConnection: "o",
  Ip4Config: "o",
  Ip6Config: "o",
});
export const nmWireless = remoteInterface("org.freedesktop.NetworkManager.Device.Wireless", {
  ActiveAccessPoint: "o",
});
export const nmAccessPoint = remoteInterface("org.freedesktop.NetworkManager.AccessPoint", { HwAddress: "s" });
export const nmActiveConnection = remoteInterface("org.freedesktop.NetworkManager.Connection.Active", { Uuid: "s" });
export const nmIp4 = remoteInterface("org.freedesktop.NetworkManager.IP4Config", {
  AddressData: "aa{sv}",
  Gateway: "s",
  NameserverData: "aa{sv}",
  Domains: "as",
  Searches: "as",
});
export const nmIp6 = remoteInterface("org.freedesktop.NetworkManager.IP6Config", {
  AddressData: "aa{sv}",
  Gateway: "s",
  Nameservers: "aay",
  Domains: "as",
  Searches: "as",
});

/** NMDeviceState. */
export const nmStates = {
  unavailable: 20,
  disconnected: 30,
  prepare: 40,
  config: 50,
  needAuth: 60,
  ipConfig: 70,
  activated: 100,
  deactivating: 110,
  failed: 120,
} as const;

/** Where a link stands in the words of the supplicant's port. */
export function radioStateOf(state: number): RadioState {
  if (state <= nmStates.unavailable) return "interface_disabled";
  if (state < nmStates.prepare) return "disconnected";
  if (state <= nmStates.config) return "associating";
  if (state <= nmStates.needAuth) return "authenticating";
  if (state < nmStates.activated) return "associated";
  return state === nmStates.activated ? "completed" : "disconnected";
}

/** NMDeviceStateReason. */
export const nmReasons = {
  ipConfigUnavailable: 5,
  ipConfigExpired: 6,
  noSecrets: 7,
  supplicantDisconnect: 8,
  supplicantTimeout: 11,
  dhcpStartFailed: 15,
  dhcpError: 16,
  dhcpFailed: 17,
  connectionRemoved: 38,
  userRequested: 39,
  ssidNotFound: 53,
  newActivation: 60,
} as const;
