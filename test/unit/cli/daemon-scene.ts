import type { TestContext } from "node:test";
import { runProgram } from "../../../src/cli/program.ts";
import type { FakeMachineOptions } from "../../fakes/fake-machine.ts";
import { onBus } from "../dbus/machine-on-bus.ts";

/** The program and the daemon's real objects, on a bus in memory. */
export async function scene(t: TestContext, options: FakeMachineOptions = {}) {
  const { it, client } = await onBus(t, options);
  it.kernel.plug("eth0");
  const stays = Object.assign(client, { close: async () => {} });
  const quiet = () => it.clock.advanceSettled(250);
  await quiet();
  const run = async (...args: string[]) => {
    const text = { out: "", err: "" };
    const sink = (name: "out" | "err") => ({
      columns: undefined,
      write: (more: string) => {
        text[name] += more;
      },
    });
    const code = await runProgram(args, {
      env: {},
      stdout: sink("out"),
      stderr: sink("err"),
      clock: it.clock,
      version: "0",
      connect: async () => stays,
      onInterrupt: () => () => {},
      readInput: async () => "",
      readSecret: async () => "",
    });
    await quiet();
    return { code, ...text };
  };
  const json = async (...args: string[]) => JSON.parse((await run(...args, "--json")).out) as Record<string, unknown>;
  return { it, run, json };
}
