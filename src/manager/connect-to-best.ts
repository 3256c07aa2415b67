/** "Connect me as well as possible" (docs/contract/shill.md, Connecting). */
import { isPrimary, type Technology } from "../base/technology.ts";
import { isConnected } from "../services/connect-states.ts";
import type { Service } from "../services/service.ts";
import { type OrderRules, orderOf } from "../services/service-order.ts";

export interface BestRules extends OrderRules {
  isTechnologyAutoConnectable(technology: Technology): boolean;
}

/**
 * The best Service of each technology, in order of merit: who is connected now does not count, nor how often it was tried.
 * Those that somebody disconnected, or that are not to connect by themselves, are passed over.
 */
export function bestServices(services: readonly Service[], rules: BestRules): readonly Service[] {
  const byMerit = [...services].sort((a, b) => orderOf(a, b, { ...rules, ignoreConnectivity: true }));
  const hasUnderlay = services.some(({ state }) => isConnected(state));
  const best = new Map<Technology, Service>();
  for (const service of byMerit) {
    const { technology } = service;
    // All after it are not connectable either: that comes first in the order.
    if (!service.isConnectable) break;
    if (best.has(technology) || !service.autoConnect || !service.isVisible) continue;
    if (service.isExplicitlyDisconnected || !rules.isTechnologyAutoConnectable(technology)) continue;
    if (isPrimary(technology) || hasUnderlay) best.set(technology, service);
  }
  return [...best.values()];
}
