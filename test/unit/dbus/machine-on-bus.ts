import type { TestContext } from "node:test";
import { silentLog } from "../../../src/base/log.ts";
import type { WireVariant } from "../../../src/base/property.ts";
import { ObjectDispatcher } from "../../../src/bus/objects/dispatcher.ts";
import { AccessControl } from "../../../src/dbus/access.ts";
import { Exporter } from "../../../src/dbus/exporter.ts";
import { FakeBus } from "../../fakes/fake-bus.ts";
import { FakeMachine, type FakeMachineOptions } from "../../fakes/fake-machine.ts";

const ownUid = 990;
const access = new AccessControl({
  ownUid,
  authority: { check: async () => "absent" },
  isAdministrator: ({ gids }) => gids?.includes(99) ?? false,
});
export const shillError = (name: string) => `org.chromium.flimflam.Error.${name}`;

/** A machine with one card on a bus in memory, and a client of root's. */
export async function onBus(t: TestContext, { uid = 0, ...options }: FakeMachineOptions & { uid?: number } = {}) {
  const it = new FakeMachine(options);
  t.after(() => it.stop());
  const bus = new FakeBus(it.clock);
  const [daemon, client] = [bus.port(ownUid), bus.port(uid)];
  await daemon.connect();
  await client.connect();
  const dispatcher = new ObjectDispatcher({ bus: daemon, log: silentLog });
  const log = { debug: it.manager.debug, ring: { newest: () => [] } };
  const storage = { problems: [] as readonly string[], onChange: () => {} };
  const names = { state: { name: "file", because: "it is the only one", plan: it.names, problem: "" } };
  const view = { manager: it.manager, log, version: "0", storage, names, dump: () => "{}" };
  new Exporter(dispatcher, view, access).start();
  await daemon.requestName("org.chromium.flimflam");
  it.kernel.addHardware({ name: "eth0", mac: "02:00:00:00:00:01" });
  it.dhcp.serve("eth0", 10);
  await it.start();
  const call = (path: string, member: string, signature = "", args: readonly unknown[] = [], of?: string) =>
    client.call({
      destination: "org.chromium.flimflam",
      path,
      interface: of ?? interfaceOf(path),
      member,
      signature,
      args,
    });
  const properties = async (path: string) => {
    const [dictionary] = await call(path, "GetProperties");
    return new Map([...(dictionary as Map<string, WireVariant>)].map(([name, { value }]) => [name, value]));
  };
  return { it, client, call, properties };
}

function interfaceOf(path: string): string {
  const kinds: Record<string, string> = {
    device: "Device",
    service: "Service",
    profile: "Profile",
    ipconfig: "IPConfig",
  };
  return `org.chromium.flimflam.${kinds[path.split("/")[1] ?? ""] ?? "Manager"}`;
}
export const variant = (signature: string, value: unknown): WireVariant => ({ signature, value });
