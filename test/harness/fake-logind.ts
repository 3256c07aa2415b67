import { fileURLToPath } from "node:url";
import { type ManagedProcess, startProcess } from "./processes.ts";

const program = fileURLToPath(new URL("../fakes/fake-logind.py", import.meta.url));

/** test/fakes/fake-logind.py; ready when this resolves. */
export async function startFakeLogind(address: string): Promise<ManagedProcess> {
  const env = { ...process.env, DBUS_SYSTEM_BUS_ADDRESS: address };
  const logind = startProcess("/usr/bin/python3", ["-u", program], { env, stdio: ["pipe", "pipe", "pipe"] });
  await logind.untilOutput(/^ready$/m, 15_000);
  return logind;
}

/** Resolves when all inhibitors are released. */
export async function fallAsleep(logind: ManagedProcess): Promise<void> {
  const from = logind.output().length;
  logind.write("sleep\n");
  await logind.untilOutput(/^asleep$/m, 25_000, from);
}
