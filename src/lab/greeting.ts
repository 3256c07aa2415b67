import type { Lab } from "./lab.ts";
import { internetAddress } from "./network.ts";

const isRoot = process.env.FAIRLEAD_LAB_OUTER_UID === "0";

/** First facts for a person, in lines of at most 80 columns. */
export function greeting(lab: Lab, folder: string): string {
  return `
Fairlead's lab: a network of its own with two cables, a DHCP server at the end
of each, a message bus and the daemon. Nothing of this machine is touched.

From another terminal, in this folder:
${isRoot ? talkAsRoot(lab) : ""}  ${folder}/enter fairlead status
  ${folder}/enter fairlead monitor
  ${folder}/enter ping ${internetAddress}
  ${folder}/enter bash

Here: unplug eth0, plug eth0, server off, server on, status, why, help, quit.
`;
}

/** The bus takes its own user only; without root that user has another number inside than outside. */
const talkAsRoot = (lab: Lab): string => `  export DBUS_SYSTEM_BUS_ADDRESS=${lab.bus.address}
  bin/fairlead status
  gdbus introspect --system --dest org.chromium.flimflam --object-path /
`;

export const shellGreeting = (lab: Lab): string => `
A shell in Fairlead's lab. ${lab.network.links.join(" and ")} are cables to routers with DHCP servers;
${internetAddress} answers behind both. The daemon runs; the bus is the system bus here.

  fairlead status          fairlead monitor         fairlead why
  unplug eth0              plug eth0                servers off | on
  ip route                 ping ${internetAddress}        exit
`;
