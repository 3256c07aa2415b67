/**
 * Properties of the Manager that answer one value and cannot be set: what they would switch does not exist outside of
 * ChromeOS, and clients that read them find what they expect (they are not in shill's documents).
 */
import { propertyTable, type Signature, type Wire } from "../base/property.ts";

const constant = <S extends Signature>(signature: S, value: Wire[S], doc: string) => ({
  signature,
  doc: `${doc} Not to be set here.`,
  get: (): Wire[S] => value,
});

export const managerConstants = propertyTable<unknown>()({
  AlwaysOnVpnPackage: constant("s", "", "The Android package of an always-on VPN: none."),
  DisableWiFiVHT: constant("b", false, "Whether radios do without 802.11ac."),
  EnableDHCPQoS: constant("b", false, "Whether DHCP packets carry a DSCP mark."),
  EnableSingleCACertVerificationPhase1: constant("b", false, "Whether EAP takes a single CA certificate, phase 1."),
  EnableSingleCACertVerificationPhase2: constant("b", false, "Whether EAP takes a single CA certificate, phase 2."),
  SupportedVPNTypes: constant("s", "wireguard", "Kinds of tunnels that a VPN may be of, as a comma list."),
  UseLegacyDHCPCD: constant("b", false, "Whether an old DHCP client is used."),
  "WiFi.RequestScanType": constant("s", "default", "How radios scan when asked to."),
});
