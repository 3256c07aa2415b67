import { DaemonError } from "../base/errors.ts";
import { isTechnologyName, type Technology } from "../base/technology.ts";
import type { Manager } from "../manager/manager.ts";
import { managerShape } from "../manager/manager-properties.ts";
import { setTechnologyEnabled } from "../manager/technology-control.ts";
import { args, interfaceTable, type MethodEntry, methodOf } from "./interface-table.ts";
import { debugMethods } from "./manager-debug-methods.ts";
import { managerDnsMethods } from "./manager-dns-methods.ts";
import { managerNetworkMethods } from "./manager-network-methods.ts";
import { profileMethods } from "./manager-profile-methods.ts";
import { managerServiceMethods } from "./manager-service-methods.ts";
import { propertyChanged, propertyMethods } from "./property-methods.ts";

const method = methodOf<Manager>();

const claimInterface: MethodEntry<Manager> = method({
  in: { claimer: "s", link: "s" },
  out: [],
  doc: "Leaves a link to another program: its Device goes away until the link is released. The link need not exist yet.",
  errors: ["InvalidArguments", "PermissionDenied"],
  right: "settings",
  call: ({ deviceInfo }, { link }) => {
    deviceInfo.claim(link);
    return undefined;
  },
});

const releaseInterface: MethodEntry<Manager> = method({
  in: { claimer: "s", link: "s" },
  out: [],
  doc: "Takes back a link that was claimed.",
  errors: ["InvalidArguments", "PermissionDenied"],
  right: "settings",
  call: ({ deviceInfo }, { link }) => {
    deviceInfo.release(link);
    return undefined;
  },
});

function switchTechnology(enable: boolean): MethodEntry<Manager> {
  return method({
    in: { technology: "s" },
    out: [],
    doc: `${enable ? "Enables" : "Disables"} all Devices of a technology, now and at every start. Answers when all are done.${enable ? "" : " A tunnel has none: it is disconnected until a client connects it."}`,
    errors: ["InvalidArguments", "PermissionDenied", "InProgress", "Failure"],
    right: "control",
    call: async (manager, { technology }) => {
      if (!isTechnologyName(technology)) throw new DaemonError("InvalidArguments", "Unknown technology");
      if (enable && manager.settings.values.includes("prohibitedTechnologies", technology as Technology)) {
        throw new DaemonError("PermissionDenied", `The ${technology} technology is prohibited`);
      }
      await setTechnologyEnabled(manager, technology, enable);
      return undefined;
    },
  });
}

/** Also without a Device: a client asks for its radios before it knows whether there are any. */
const scanned: ReadonlySet<string> = new Set<Technology>(["wifi", "cellular"]);

const requestScan: MethodEntry<Manager> = method({
  in: { technology: "s" },
  out: [],
  doc: "Looks for networks of wifi or cellular; without a radio there is nothing to do. A cable has nothing to look for.",
  errors: ["InvalidArguments", "PermissionDenied"],
  right: "control",
  call: (manager, { technology }) => {
    const name = technology;
    if (!isTechnologyName(name))
      throw new DaemonError("InvalidArguments", `Unrecognized technology ${name.slice(0, 80)}`);
    if (!scanned.has(name)) throw new DaemonError("InvalidArguments", `Scan unsupported for technology ${name}`);
    for (const device of manager.devices) if (device.technology === name) device.requestScan();
    return undefined;
  },
});

export const managerInterface = interfaceTable<Manager>({
  name: "org.chromium.flimflam.Manager",
  doc: "The whole of the connection manager.",
  properties: managerShape,
  signals: propertyChanged,
  methods: {
    ...propertyMethods<Manager>(),
    ...managerServiceMethods,
    ...managerNetworkMethods,
    ...managerDnsMethods,
    ClaimInterface: claimInterface,
    ReleaseInterface: releaseInterface,
    ...profileMethods,
    ...debugMethods,
    EnableTechnology: switchTechnology(true),
    DisableTechnology: switchTechnology(false),
    RequestScan: requestScan,
    GetServiceOrder: {
      in: [],
      out: args({ order: "s" }),
      doc: "The order of technologies, with commas.",
      right: "read",
      call: ({ services }) => [services.technologyOrder.join(",")],
    },
    SetServiceOrder: method({
      in: { order: "s" },
      out: [],
      doc: "Sets the order of technologies, with commas; those not named come last and are equal.",
      errors: ["InvalidArguments", "PermissionDenied"],
      right: "settings",
      call: ({ services }, { order }) => {
        services.setTechnologyOrder(order);
        return undefined;
      },
    }),
  },
});
