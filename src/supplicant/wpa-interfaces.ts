import { remoteInterface } from "../bus/remote-objects.ts";

export const supplicantName = "fi.w1.wpa_supplicant1";
export const supplicantPath = "/fi/w1/wpa_supplicant1";
/** D-Bus path for "no object". */
export const noObject = "/";

export const wpaManager = remoteInterface("fi.w1.wpa_supplicant1", { Capabilities: "as" });
export const wpaInterface = remoteInterface("fi.w1.wpa_supplicant1.Interface", {
  State: "s",
  CurrentBSS: "o",
  CurrentNetwork: "o",
  BSSs: "ao",
  Capabilities: "a{sv}",
  DisconnectReason: "i",
  AuthStatusCode: "i",
  Scanning: "b",
});

/** Errors of it that we understand. */
export const supplicantError = (name: string): string => `fi.w1.wpa_supplicant1.${name}`;
