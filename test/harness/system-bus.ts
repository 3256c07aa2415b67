import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type ManagedProcess, startProcess } from "./processes.ts";

/** Files that an installation puts in place. */
export const installFile = (name: string): string =>
  fileURLToPath(new URL(`../../docs/install/${name}`, import.meta.url));
export const stockConfig = "/usr/share/dbus-1/system.conf";
const polkitPolicy = ["/usr/share/dbus-1/system.d", "/etc/dbus-1/system.d"]
  .map((folder) => join(folder, "org.freedesktop.PolicyKit1.conf"))
  .find((path) => existsSync(path));

export interface SystemBus {
  readonly folder: string;
  readonly address: string;
  readonly process: ManagedProcess;
  remove(): Promise<void>;
}

/** A bus with the policies of the distribution's system bus, polkit's, and the one we ship where `isInstalled`. */
export async function startSystemBus({ isInstalled = true } = {}): Promise<SystemBus> {
  const folder = mkdtempSync(join(tmpdir(), "fairlead-system-bus-"));
  chmodSync(folder, 0o755);
  const files = [isInstalled ? installFile("org.chromium.flimflam.conf") : undefined, polkitPolicy];
  const includes = files.map((path) => (path ? `<include>${path}</include>` : "")).join("");
  const config = readFileSync(stockConfig, "utf8")
    .replace(/<!--[\s\S]*?-->/g, "")
    .replace(/<(user|servicehelper|pidfile|includedir|include|listen)\b[^>]*>[^<]*<\/\1>/g, "")
    .replace(/<(fork|syslog|standard_system_servicedirs)\/>/g, "")
    .replace("</busconfig>", `<listen>unix:path=${folder}/bus</listen>${includes}</busconfig>`);
  writeFileSync(join(folder, "bus.conf"), config);
  const bus = startProcess("dbus-daemon", [`--config-file=${folder}/bus.conf`, "--nofork", "--print-address=1"]);
  await bus.untilOutput(/^unix:path=/m);
  return {
    folder,
    address: `unix:path=${folder}/bus`,
    process: bus,
    remove: async () => {
      await bus.end();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
