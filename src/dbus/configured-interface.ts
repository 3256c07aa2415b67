import { DaemonError } from "../base/errors.ts";
import type { PropertyStore } from "../base/property.ts";
import { type ConfiguredInterface, interfaceShape } from "../services/configured-interface.ts";
import type { Settable } from "./adaptor.ts";
import { args, interfaceTable } from "./interface-table.ts";

/** On the Service of a section `interface` of the network configuration. */
export const configuredInterface = interfaceTable<ConfiguredInterface>({
  name: "org.fairlead.Interface1",
  doc: "An interface of the network configuration, on the Service that runs it.",
  properties: interfaceShape,
  methods: {
    Up: {
      in: [],
      out: [],
      doc: "It is wanted up from now on. Returns at once; State and Errors tell how it goes.",
      errors: ["PermissionDenied"],
      right: "control",
      call: (it) => {
        it.up();
        return undefined;
      },
    },
    Down: {
      in: [],
      out: [],
      doc: "It goes down, and stays so until a client asks, also when its link goes and comes back.",
      errors: ["PermissionDenied"],
      right: "control",
      call: (it) => {
        it.down();
        return undefined;
      },
    },
    Status: {
      in: [],
      out: args({ status: "a{sv}" }),
      doc:
        "As netifd's status, by the same names: up, pending, available, autostart, dynamic, uptime, l3_device, proto, device, " +
        "metric, ipv4-address, ipv6-address (address, mask), route (target, mask, nexthop), dns-server, dns-search, " +
        "errors (subsystem, code, data).",
      right: "read",
      call: (it) => [it.status()],
    },
  },
});

/** Its properties for the bus. */
export class ConfiguredInterfaceView implements Settable {
  constructor(private readonly of: ConfiguredInterface) {}
  get properties(): PropertyStore<ConfiguredInterface> {
    return this.of.interfaceProperties;
  }
  setProperty(): void {
    throw new DaemonError("InvalidArguments", "Property is read-only");
  }
  /** Time passes without telling. */
  refresh(): void {
    this.of.interfaceProperties.touch("Uptime");
  }
}
