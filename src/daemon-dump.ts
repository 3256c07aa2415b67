/** The debug dump: the whole state of the daemon as one JSON text. */
import { toJson } from "./base/property.ts";
import type { Manager } from "./manager/manager.ts";
import type { Applier } from "./network/kernel/applier.ts";

export function dumpOf(manager: Manager, applier: Applier, version: string, more: object): string {
  const { deviceRegistry } = manager;
  const { clock, rtnl } = deviceRegistry;
  return toJson({
    version,
    time: new Date(clock.wallTime()).toISOString(),
    technologyOrder: manager.services.technologyOrder,
    profiles: manager.profiles.profiles.map((profile) => ({
      path: profile.path,
      entries: profile.store.entries().length,
    })),
    links: [...manager.deviceInfo.links()].map(({ link, technology, because, device }) => ({
      name: link.name,
      index: link.index,
      technology,
      because,
      device: device?.path,
    })),
    devices: manager.devices.map((device) => ({
      path: device.path,
      isEnabled: device.isEnabled,
      hasCarrier: device.hasCarrier,
      service: device.selectedService?.path,
      network: device.network?.dump(),
    })),
    services: manager.services.all.map((service) => ({
      path: service.path,
      storageId: service.storageId,
      state: service.state,
      because: service.connection.reason,
      autoConnectRefusal: service.autoConnectRefusal,
      before: manager.services.reasonOf(service),
    })),
    claims: [...deviceRegistry.claims.dump()],
    kernel: applier.dump(),
    netlink: rtnl.counters,
    timers: clock.pendingTimers(),
    throttling: manager.throttling.state,
    automation: manager.automation.state,
    events: manager.feed.queue.pending,
    sorts: manager.services.recentReasons,
    ...more,
    history: manager.feed.history.newest(),
    memory: process.memoryUsage(),
  });
}
