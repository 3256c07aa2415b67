import { FakeMachine, type FakeMachineOptions } from "../../fakes/fake-machine.ts";

export const mac = (last: number) => `02:00:00:00:00:0${last}`;

/** A machine with cards eth0, eth1, ..., DHCP servers behind all, and cables in those that are named. */
export async function machine(
  t: { after(done: () => void): void },
  plugged: readonly string[],
  options: FakeMachineOptions = {},
) {
  const it = new FakeMachine(options);
  for (const [at, name] of ["eth0", "eth1"].entries()) {
    it.kernel.addHardware({ name, mac: mac(at + 1) });
    it.dhcp.serve(name, 10 + at);
    if (plugged.includes(name)) it.kernel.plug(name);
  }
  t.after(() => it.stop());
  return it.start();
}
