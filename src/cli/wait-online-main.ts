/** fairlead-wait-online: arguments, bus, exit code. */

import { ProcessClock } from "../base/clock.ts";
import { silentLog } from "../base/log.ts";
import { BusClient } from "../bus/bus-client.ts";
import { clientLimits } from "../bus/wire/limits.ts";
import { exitCodes, Failure } from "./failure.ts";
import { OnlineWait } from "./online-wait.ts";
import { systemBus } from "./program.ts";
import { printable } from "./text/printable.ts";
import { type OnlineWish, parseOnlineWish, waitOnlineHelp } from "./words/online-wish.ts";

const complain = (message: string): void => void process.stderr.write(`fairlead-wait-online: ${printable(message)}\n`);

async function waitOnline(wish: OnlineWish): Promise<number> {
  const clock = new ProcessClock();
  const address = process.env.DBUS_SYSTEM_BUS_ADDRESS || systemBus;
  const bus = new BusClient({ address, clock, log: silentLog, limits: clientLimits });
  try {
    await bus.connect();
  } catch (error) {
    complain((error as Error).message);
    return exitCodes.refused;
  }
  const wait = new OnlineWait(bus, clock, wish);
  const { isFulfilled, because } = await wait.run();
  wait.close();
  await bus.close();
  if (isFulfilled) return exitCodes.ok;
  complain(`not ${wish.state} in time: ${because}`);
  return exitCodes.refused;
}

async function main(): Promise<number> {
  try {
    const wish = parseOnlineWish(process.argv.slice(2));
    if (wish) return await waitOnline(wish);
    process.stdout.write(waitOnlineHelp);
    return exitCodes.ok;
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    complain(error.message);
    return error.exitCode;
  }
}

main().then((code) => {
  process.exitCode = code;
});
