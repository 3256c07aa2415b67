import { ProcessClock } from "../base/clock.ts";
import { silentLog } from "../base/log.ts";
import type { BusPort } from "../bus/bus.ts";
import { BusClient } from "../bus/bus-client.ts";
import { clientLimits } from "../bus/wire/limits.ts";
import type { Lab } from "./lab.ts";
import { renderChange, renderNote } from "./render.ts";
import { Watcher } from "./watcher.ts";

/** Many times the time of a lease, and short enough for a person. */
const onlineLimitMs = 30_000;
const print = (text: string): void => void process.stdout.write(`${text}\n`);

/**
 * Shows events until a Service is connected; false, with the reason and the end of the log printed, when none is within
 * the limit.
 */
export async function waitOnline(lab: Lab, limitMs = onlineLimitMs): Promise<boolean> {
  const bus = await connectBus(lab.bus.address);
  const watcher = new Watcher(bus, (change) => print(renderChange(change)));
  const ended = new Promise<string>((resolve) => {
    lab.onDaemonEnded = resolve;
  });
  const outcome = await Promise.race([watcher.untilConnected(limitMs), ended]);
  watcher.close();
  await bus.close();
  if (outcome === true) {
    print(renderNote(Date.now(), "connected"));
    return true;
  }
  print(outcome === false ? `nothing was online within ${limitMs / 1000} s` : outcome);
  print(lab.logTail());
  return false;
}

/** The lab on its own bus, as any client. Rejects with one clear line. */
export async function connectBus(address: string): Promise<BusPort> {
  const bus = new BusClient({ address, clock: new ProcessClock(), log: silentLog, limits: clientLimits });
  await bus.connect();
  return bus;
}
