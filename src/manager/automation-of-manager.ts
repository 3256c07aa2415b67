/** What policy is given by the Manager. */
import { isPrimary, type Technology } from "../base/technology.ts";
import type { Device } from "../devices/device.ts";
import type { AutomationHost, NameService } from "../policy/automation-host.ts";
import type { AutomationEvent } from "../providers/manager-event.ts";
import { isConnected } from "../services/connect-states.ts";
import type { Service } from "../services/service.ts";
import type { ManagerObservers } from "./manager-observers.ts";
import type { ManagerPorts } from "./manager-ports.ts";
import type { ManagerSettings } from "./manager-settings.ts";

/** Radios, and whatever a module does not say. */
const defaultPriorityGroup = 1;

/** The Manager, as far as policy reaches it. */
export interface AutomatedManager {
  readonly devices: readonly Device[];
  readonly services: { readonly all: readonly Service[] };
  readonly settings: ManagerSettings;
  readonly events: { whenQuiet(name: string, check: () => void): void };
  readonly connectivity: { setLocationNames(names: NameService): void };
  readonly observers: ManagerObservers;
  saveSettings(): void;
  requestSort(because: string): void;
  automationHappened(event: AutomationEvent): void;
}

export function automationHost(
  manager: AutomatedManager,
  { clock, log, profiles, modules, automation }: ManagerPorts,
): AutomationHost {
  const kindOf = (technology: Technology) => modules.find(({ devices }) => devices?.technology === technology)?.devices;
  return {
    clock,
    log,
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
    whenQuiet: (name, check) => manager.events.whenQuiet(name, check),
    requestSort: (because) => manager.requestSort(because),
    setNameService: (names) => manager.connectivity.setLocationNames(names),
    happened: (event) => manager.automationHappened(event),
    listsChanged: () => manager.observers.tell((observer) => observer.automationChanged?.()),
    priorityGroupOf: (technology) =>
      isPrimary(technology) ? (kindOf(technology)?.priorityGroup ?? defaultPriorityGroup) : undefined,
    get activePolicy() {
      return manager.settings.activePolicy;
    },
    set activePolicy(name) {
      const before = manager.settings.activePolicy;
      manager.settings.activePolicy = name;
      try {
        manager.saveSettings();
      } catch (error) {
        manager.settings.activePolicy = before;
        throw error;
      }
    },
  };
}
