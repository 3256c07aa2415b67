/** Policy on the parts of the Manager. */
import { countsAs, isPrimary, type Technology } from "../base/technology.ts";
import type { Device } from "../devices/device.ts";
import { Automation } from "../policy/automation.ts";
import type { AutomationHost, NameService } from "../policy/automation-host.ts";
import { isConnected } from "../services/connect-states.ts";
import type { EventFeed } from "./event-feed.ts";
import type { ManagerPorts } from "./manager-ports.ts";
import type { SettingsControl } from "./manager-settings.ts";
import type { ServiceList } from "./service-list.ts";

/** Radios, and technologies whose module names no group. */
const defaultPriorityGroup = 1;

/** The Manager, as far as policy reaches it. */
export interface AutomatedManager {
  readonly devices: readonly Device[];
  readonly services: ServiceList;
  readonly settings: Pick<SettingsControl, "values" | "save">;
  readonly feed: EventFeed;
  readonly connectivity: { setLocationNames(names: NameService): void };
}

/** Events after which a Location, a Modifier or the priority group may change; one check for each burst. */
const checkedAfter = [
  "service-state-changed",
  "service-removed",
  "device-removed",
  "modifier-state-changed",
  "location-state-changed",
] as const;

export function automationOf(manager: AutomatedManager, ports: ManagerPorts): Automation {
  const automation = new Automation(hostOf(manager, ports));
  for (const kind of checkedAfter) manager.feed.queue.on(kind, () => automation.askForCheck());
  return automation;
}

function hostOf(
  manager: AutomatedManager,
  { clock, log, rtnl, profiles, modules, automation }: ManagerPorts,
): AutomationHost {
  const kindOf = (technology: Technology) => modules.find(({ devices }) => devices?.technology === technology)?.devices;
  return {
    clock,
    log,
    rtnl,
    profiles,
    ...automation,
    get services() {
      return manager.services;
    },
    links: () =>
      new Map(
        manager.devices.map(({ name, selectedService }) => [
          name,
          !!selectedService && isConnected(selectedService.state),
        ]),
      ),
    whenQuiet: (name, check) => manager.feed.queue.whenQuiet(name, check),
    requestSort: (because) => manager.services.requestSort(because),
    setNameService: (names) => manager.connectivity.setLocationNames(names),
    happened: (event) => manager.feed.post(event),
    listsChanged: () => manager.feed.observers.tell((observer) => observer.automationChanged?.()),
    priorityGroupOf: (technology) => {
      const kind = countsAs(technology);
      return isPrimary(kind) ? (kindOf(kind)?.priorityGroup ?? defaultPriorityGroup) : undefined;
    },
    get activePolicy() {
      return manager.settings.values.activePolicy;
    },
    set activePolicy(name) {
      const { settings } = manager;
      const before = settings.values.activePolicy;
      settings.values.activePolicy = name;
      try {
        settings.save();
      } catch (error) {
        settings.values.activePolicy = before;
        throw error;
      }
    },
  };
}
