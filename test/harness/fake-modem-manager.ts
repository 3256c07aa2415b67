import { fileURLToPath } from "node:url";
import type { FakeModemSpec } from "../fakes/fake-modem-manager.ts";
import { type ManagedProcess, startProcess } from "./processes.ts";

const program = fileURLToPath(new URL("../fakes/fake-modem-manager.py", import.meta.url));

export type ModemOrder =
  | readonly ["plug", FakeModemSpec]
  | readonly ["unplug" | "cut-off", imei: string]
  | readonly ["signal", imei: string, percent: number]
  | readonly ["reach", imei: string, isInReach: boolean];

/** test/fakes/fake-modem-manager.py on a bus. */
export class ModemManagerProcess {
  private constructor(readonly process: ManagedProcess) {}

  /** It has its name when this resolves. */
  static async start(address: string): Promise<ModemManagerProcess> {
    const env = { ...process.env, DBUS_SYSTEM_BUS_ADDRESS: address };
    const stdio = ["pipe", "pipe", "pipe"] as const;
    const started = startProcess("/usr/bin/python3", ["-u", program], { env, stdio: [...stdio], name: "ModemManager" });
    await started.untilOutput(/^ready$/m, 15_000);
    return new ModemManagerProcess(started);
  }
  async order(...order: ModemOrder): Promise<void> {
    const from = this.process.output().length;
    this.process.write(`${JSON.stringify(order)}\n`);
    await this.process.untilOutput(/^done$/m, 15_000, from);
  }
  async kill(): Promise<void> {
    this.process.kill("SIGKILL");
    await this.process.waitExit();
  }
}
