import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ManagedProcess, startProcess } from "./processes.ts";

export interface PrivateBusOptions {
  /** Where its socket `bus` and its configuration go; it stays afterwards. Default: a new one, removed with the bus. */
  readonly folder?: string;
  /** dbus-daemon's `<limit>` elements: max_incoming_bytes, max_match_rules_per_connection, ... */
  readonly limits?: Readonly<Record<string, number>>;
  /** XML put after the policy that allows everything; later rules win. */
  readonly policy?: string;
}

export interface PrivateBus {
  readonly address: string;
  readonly folder: string;
  readonly process: ManagedProcess;
  /** Ends the bus; its socket file goes. `start` brings it back at the same address. */
  stop(): Promise<void>;
  start(): Promise<void>;
  restart(): Promise<void>;
  /** Ends it and removes its files. */
  remove(): Promise<void>;
}

/**
 * A message bus of its own on a socket in a temporary folder; every process of the same user may do everything on it.
 */
export async function startPrivateBus(options: PrivateBusOptions = {}): Promise<PrivateBus> {
  const folder = options.folder ?? mkdtempSync(join(tmpdir(), "fairlead-bus-"));
  const socket = join(folder, "bus");
  const configFile = join(folder, "bus.conf");
  writeFileSync(configFile, busConfiguration(socket, options));
  let daemon = await launch(configFile);
  const stop = () => daemon.end();
  const start = async () => {
    if (daemon.isRunning) throw new Error("the private bus runs already");
    rmSync(socket, { force: true });
    daemon = await launch(configFile);
  };
  return {
    address: `unix:path=${socket}`,
    folder,
    get process() {
      return daemon;
    },
    stop,
    start,
    restart: async () => {
      await stop();
      await start();
    },
    remove: async () => {
      await stop();
      if (options.folder === undefined) rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function launch(configFile: string): Promise<ManagedProcess> {
  const args = [`--config-file=${configFile}`, "--nofork", "--nopidfile", "--nosyslog", "--print-address=1"];
  const daemon = startProcess("dbus-daemon", args);
  // The address is printed once the socket listens.
  await daemon.untilOutput(/^unix:path=/m);
  return daemon;
}

function busConfiguration(socket: string, { limits = {}, policy = "" }: PrivateBusOptions): string {
  const limitLines = Object.entries(limits).map(([name, value]) => `  <limit name="${name}">${value}</limit>`);
  return `<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <listen>unix:path=${socket}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow user="*"/>
    <allow own="*"/>
    <allow send_destination="*" eavesdrop="true"/>
    <allow receive_sender="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
  </policy>
${policy}
${limitLines.join("\n")}
</busconfig>
`;
}
