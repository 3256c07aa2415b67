import { listedWords, primaryTechnologies, type Technology } from "../base/technology.ts";

/** What a person sets on the Manager. Kept in the entry `global` of the topmost machine Profile. */
export class ManagerSettings {
  arpGateway = true;
  checkPortalList: string = primaryTechnologies.join();
  dhcpHostname = "";
  disconnectWifiOnEthernet: "off" | "connected" | "online" = "off";
  isRfc8925Enabled = false;
  noAutoConnectTechnologies = "";
  prohibitedTechnologies = "";
  isWakeOnLanEnabled = true;
  isGlobalFtEnabled = true;
  isScanAllowedToRoam = true;
  /** Name of the policy that says which links may hold a connection. */
  activePolicy = "All";

  /** Words that are no technology stay in a list without meaning. */
  includes(
    list: "checkPortalList" | "noAutoConnectTechnologies" | "prohibitedTechnologies",
    technology: Technology,
  ): boolean {
    return listedWords(this[list]).includes(technology);
  }
}

/** The entry of the store. */
export const managerEntry = "global";
