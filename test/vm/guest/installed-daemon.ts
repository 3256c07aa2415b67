import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { DaemonClient } from "../../harness/daemon-client.ts";
import { run, tryRun } from "../../harness/processes.ts";
import { until } from "../../harness/until.ts";
import { systemBus } from "./booted-system.ts";
import { patienceMs } from "./patience.ts";

/** Where an administrator's additions to the unit are looked for, until the next boot. */
const dropIns = "/run/systemd/system/fairlead.service.d";
/** Properties of D-Bus interface org.freedesktop.systemd1.Unit; others are those of services. */
const isOfAllUnits = /^(ActiveState|ActiveEnter.*|After|Before)$/;
/** Once for all scenarios of a guest, as on a machine. */
let isInstalled = false;
/** Whether units have changed since systemd read them, which takes it three seconds here. */
let isReloadDue = false;

/** The files of `scripts/install-system` on the guest's own disk, run by its systemd. */
export class InstalledDaemon extends DaemonClient {
  readonly unit = "fairlead.service";

  /**
   * Takes the steps that the installer tells its user, short of starting the daemon. `enabled`: units for the next
   * boot.
   */
  static async install(enabled: readonly string[] = []): Promise<InstalledDaemon> {
    if (!isInstalled) {
      // Here busybox starts no program for each of the hundred commands: half the time. The host's tests use the usual
      // shell.
      run("busybox", ["sh", "scripts/install-system"]);
      run("systemctl", ["reload", "dbus.service"]);
      isReloadDue = true;
    }
    isInstalled = true;
    InstalledDaemon.configure();
    // This has systemd read all units anew, too.
    if (enabled.length > 0) run("systemctl", ["enable", ...enabled]);
    else if (isReloadDue) run("systemctl", ["daemon-reload"]);
    isReloadDue = false;
    const { busAddress } = systemBus;
    return new InstalledDaemon(busAddress, await DaemonClient.connectClient(busAddress));
  }

  /** Waits for the job to end unless `--no-block` is among the arguments. Throws with systemctl's complaint. */
  systemctl(...args: readonly string[]): string {
    return run("systemctl", args);
  }
  /**
   * The configuration file. No web server of the Internet answers in here: a Service stays `ready` unless `http` does.
   */
  static configure(lines: readonly string[] = [], http = "none"): void {
    mkdirSync("/etc/fairlead", { recursive: true });
    const all = [`portal-http-url = "${http}"`, 'portal-https-url = "none"', ...lines];
    writeFileSync("/etc/fairlead/fairlead.toml", `${all.join("\n")}\n`);
  }
  /** Properties of a unit as texts, by name. Times are microseconds since the boot. */
  async show<Name extends string>(names: readonly Name[], unit: string = this.unit): Promise<Record<Name, string>> {
    // Asked by this process: systemctl(1) takes an emulated processor half a second.
    const ask = (path: string, member: string, signature: string, body: unknown[], interfaceName: string) =>
      this.client.call("org.freedesktop.systemd1", path, interfaceName, member, signature, body);
    const manager = "/org/freedesktop/systemd1";
    const [path] = await ask(manager, "LoadUnit", "s", [unit], "org.freedesktop.systemd1.Manager");
    const found = {} as Record<Name, string>;
    for (const name of names) {
      const interfaceName = `org.freedesktop.systemd1.${isOfAllUnits.test(name) ? "Unit" : "Service"}`;
      const args = [interfaceName, name];
      const [value] = await ask(String(path), "Get", "ss", args, "org.freedesktop.DBus.Properties");
      found[name] = Array.isArray(value) ? value.join(" ") : String(value);
    }
    return found;
  }
  /** The process that systemd takes for the daemon; 0: none. */
  async pid(): Promise<number> {
    return Number((await this.show(["MainPID"])).MainPID);
  }
  /** Resolves to the process that took the place of another one and has told that it is ready. */
  untilReplaced(pid: number): Promise<number> {
    const replaced = async () => {
      const { MainPID, ActiveState } = await this.show(["MainPID", "ActiveState"]);
      return ActiveState === "active" && Number(MainPID) !== pid && Number(MainPID);
    };
    return until(`systemd has replaced process ${pid}`, replaced, patienceMs);
  }
  /** Lines for a section `[Service]`, in force from the next start on. */
  override(...lines: readonly string[]): void {
    mkdirSync(dropIns, { recursive: true });
    writeFileSync(`${dropIns}/scenario.conf`, ["[Service]", ...lines, ""].join("\n"));
    this.systemctl("daemon-reload");
  }
  /** Journal of the unit: the daemon's lines and systemd's about it. */
  log(): string {
    return run("journalctl", ["--boot", "--no-pager", "--output=short-monotonic", "--unit", this.unit]);
  }
  /** Stops it; its files for the next start go, so that another scenario finds a new machine. */
  remove(): void {
    this.client.close();
    tryRun("systemctl", ["stop", this.unit]);
    tryRun("systemctl", ["reset-failed", this.unit]);
    if (existsSync(dropIns)) {
      rmSync(dropIns, { recursive: true });
      isReloadDue = true;
    }
    for (const kind of ["run", "var/lib"]) rmSync(`/${kind}/fairlead`, { recursive: true, force: true });
    tryRun("ip", ["rule", "flush", "protocol", "102"]);
  }
}
