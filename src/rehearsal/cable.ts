import { Machine } from "../assembly/machine.ts";
import { idlePorts, type MachinePorts } from "../assembly/ports.ts";
import type { Clock } from "../base/clock.ts";
import { LogControl, silentLog } from "../base/log.ts";
import { Quiet } from "../base/quiet.ts";
import { ObjectDispatcher } from "../bus/objects/dispatcher.ts";
import { Exporter } from "../dbus/exporter.ts";
import { MemoryStorage } from "../profiles/memory-store.ts";
import { ProfileStack } from "../profiles/profile-stack.ts";
import { resolverText } from "../resolver/resolver-file.ts";
import { StageKernel } from "./kernel/stage-kernel.ts";
import { StageBus, StageClock, stageProtocols } from "./stage.ts";

/**
 * Often enough for the interpreter to have seen every shape. More make no address come sooner, and the news of a cable
 * that goes out a millisecond later.
 */
const rounds = 4;

/**
 * Plays a cable that goes in and out, on a stage in memory, with the daemon's own parts. The first real cable then
 * finds every function compiled: on a cold start that is half of the time from carrier to address. Nothing is written,
 * sent or asked outside. Takes some ten milliseconds in pieces of a few; `turn` is awaited between them, so that
 * real work comes first.
 */
export async function rehearseCable(realClock: Clock, turn: () => Promise<void>): Promise<void> {
  const clock = new StageClock(realClock);
  const kernel = new StageKernel();
  // No such folders: the list of loaded Profiles is not to be written.
  const folders = { stateDir: "/dev/null/state", runDir: "/dev/null/run" };
  const profiles = new ProfileStack({ ...folders, storage: new MemoryStorage(), log: silentLog });
  const machine = new Machine(ports(clock, kernel, profiles));
  const { manager } = machine;
  const dispatcher = new ObjectDispatcher({ bus: new StageBus(), log: silentLog });
  const access = { require: async () => {} };
  const names = { state: { name: "", because: "", plan: undefined, problem: "" } };
  const storage = { problems: [], onChange: () => {} };
  const log = { debug: manager.debug, ring: { newest: () => [] } };
  new Exporter(dispatcher, { manager, version: "", log, storage, names, dump: () => "" }, access).start();
  await machine.start();
  const { index } = kernel.addHardware({ name: "eth0" });
  await turn();
  for (let round = 0; round < rounds; round++) {
    for (const hasCarrier of [true, false]) {
      kernel.setCarrier(index, hasCarrier);
      await turn();
    }
  }
  manager.stop();
  machine.applier.close();
}

const ports = (clock: Clock, rtnl: StageKernel, profiles: ProfileStack): MachinePorts => {
  // Formats the daemon's log lines, too.
  const logs = new LogControl({ write: () => {} });
  const idle = idlePorts();
  return {
    ...idle,
    readFacts: (name) => ({ ...idle.readFacts(name), driver: "e1000" }),
    ...{ clock, quiet: new Quiet(clock, silentLog), rtnl, profiles, protocols: stageProtocols(rtnl, clock) },
    logOf: (scope) => logs.scope(scope),
    setNames: (plan) => void resolverText(plan),
  };
};
