import { silentLog } from "../base/log.ts";
import { ProcessClock } from "../base/process-clock.ts";
import type { BusPort } from "../bus/bus.ts";
import { BusClient } from "../bus/bus-client.ts";
import { clientLimits } from "../bus/wire/limits.ts";

/** The lab on its own bus, as any client. Rejects with one clear line. */
export async function connectBus(address: string): Promise<BusPort> {
  const bus = new BusClient({ address, clock: new ProcessClock(), log: silentLog, limits: clientLimits });
  await bus.connect();
  return bus;
}
