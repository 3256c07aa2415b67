/** Every interface that the daemon exports, for the XML in dbus-interfaces/ and the pages in docs/properties/. */
import { technologyModules } from "../technologies/modules.ts";
import { automationInterface, conditionsInterface } from "./automation-interface.ts";
import { configInterface } from "./config-interface.ts";
import { configuredInterface } from "./configured-interface.ts";
import { deviceInterfaces, deviceReasonsInterface } from "./device-interface.ts";
import type { InterfaceTable } from "./interface-table.ts";
import { ipConfigInterface } from "./ip-config-interface.ts";
import { locationInterface } from "./location-interface.ts";
import { logInterface } from "./log-interface.ts";
import { managerInterface } from "./manager-interface.ts";
import { eventsInterface, fairleadManagerInterface } from "./manager-reasons-interface.ts";
import { modifierInterface } from "./modifier-interface.ts";
import { policyInterface } from "./policy-interface.ts";
import { profileExchangeInterface } from "./profile-exchange-interface.ts";
import { profileInterface } from "./profile-interface.ts";
import { serviceInterfaces, serviceReasonsInterface } from "./service-interface.ts";

export interface CatalogueEntry {
  // biome-ignore lint/suspicious/noExplicitAny: each interface has its own kind of object
  readonly table: InterfaceTable<any>;
  /** The object paths that have it. */
  readonly objects: string;
}

const manager = "/";
const device = "/device/LINK";
const service = "/service/NUMBER";
const profile = "/profile/NAME, /profile/USER/NAME";

const serviceShapes = technologyModules.flatMap(({ services }) => services.map(({ shape }) => shape));
const deviceShapes = technologyModules.flatMap(({ devices }) => (devices ? [devices.shape] : []));

export const catalogue: readonly CatalogueEntry[] = [
  { table: managerInterface, objects: manager },
  { table: fairleadManagerInterface, objects: manager },
  { table: logInterface, objects: manager },
  { table: configInterface, objects: manager },
  { table: eventsInterface, objects: manager },
  { table: deviceInterfaces.ofAll(deviceShapes), objects: device },
  { table: deviceReasonsInterface, objects: device },
  { table: serviceInterfaces.ofAll(serviceShapes), objects: service },
  { table: serviceReasonsInterface, objects: service },
  { table: configuredInterface, objects: service },
  { table: profileInterface, objects: profile },
  { table: profileExchangeInterface, objects: profile },
  { table: automationInterface, objects: manager },
  { table: conditionsInterface, objects: manager },
  { table: locationInterface, objects: "/location/NAME" },
  { table: modifierInterface, objects: "/modifier/NAME" },
  { table: policyInterface, objects: "/policy/NAME" },
  { table: ipConfigInterface, objects: "/ipconfig/LINK_NUMBER_KIND" },
];
