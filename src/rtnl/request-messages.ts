/** A {@link KernelRequest} as a message, and the kernel's refusal of it as an error. */
import { type Acknowledgement, attributeAt } from "./ack-messages.ts";
import { encodeDeleteAddress, encodePutAddress } from "./address-messages.ts";
import { describeRequest, errnoOf, kernelError } from "./kernel-error.ts";
import { encodeDeleteLink, encodeLinkChange, encodeNewLink } from "./link-messages.ts";
import { encodeResolveNeighbour } from "./neighbour-messages.ts";
import {
  encodeAddIngress,
  encodeAddPolicer,
  encodeDeleteIngress,
  encodeDeleteShaper,
  encodePutShaper,
} from "./qdisc-messages.ts";
import { encodeDeleteRoute, encodePutRoute } from "./route-messages.ts";
import type { KernelError, KernelRequest } from "./rtnl.ts";
import { encodeAddRule, encodeDeleteRule } from "./rule-messages.ts";

type Encoders = { readonly [Op in KernelRequest["op"]]: (request: Extract<KernelRequest, { op: Op }>) => Buffer };

const encoders: Encoders = {
  "set-link": ({ link, change }) => encodeLinkChange(link, change),
  "add-link": ({ link }) => encodeNewLink(link),
  "delete-link": ({ link }) => encodeDeleteLink(link),
  "put-address": ({ address }) => encodePutAddress(address),
  "delete-address": ({ address }) => encodeDeleteAddress(address),
  "put-route": ({ route }) => encodePutRoute(route),
  "delete-route": ({ route }) => encodeDeleteRoute(route),
  "add-rule": ({ rule }) => encodeAddRule(rule),
  "delete-rule": ({ rule }) => encodeDeleteRule(rule),
  "resolve-neighbour": ({ link, family, neighbour }) => encodeResolveNeighbour(link, family, neighbour),
  "put-shaper": ({ link, handle, limit }) => encodePutShaper(link, handle, limit),
  "delete-shaper": ({ link, handle }) => encodeDeleteShaper(link, handle),
  "add-ingress": ({ link, block }) => encodeAddIngress(link, block),
  "delete-ingress": ({ link }) => encodeDeleteIngress(link),
  "add-policer": ({ block, limit }) => encodeAddPolicer(block, limit),
};

/** A request that cannot be encoded is refused as the kernel would refuse it: EINVAL, with the fault. */
export function encodeRequest(request: KernelRequest): Buffer | KernelError {
  try {
    return (encoders[request.op] as (request: KernelRequest) => Buffer)(request);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return kernelError(describeRequest(request), errnoOf("EINVAL"), error.message);
  }
}

const linkNames: Readonly<Record<number, string>> = {
  1: "IFLA_ADDRESS",
  3: "IFLA_IFNAME",
  4: "IFLA_MTU",
  5: "IFLA_LINK",
  10: "IFLA_MASTER",
  13: "IFLA_TXQLEN",
  18: "IFLA_LINKINFO",
  19: "IFLA_NET_NS_PID",
  20: "IFLA_IFALIAS",
};
const addressNames: Readonly<Record<number, string>> = {
  1: "IFA_ADDRESS",
  2: "IFA_LOCAL",
  4: "IFA_BROADCAST",
  6: "IFA_CACHEINFO",
  8: "IFA_FLAGS",
  11: "IFA_PROTO",
};
const routeNames: Readonly<Record<number, string>> = {
  1: "RTA_DST",
  4: "RTA_OIF",
  5: "RTA_GATEWAY",
  6: "RTA_PRIORITY",
  7: "RTA_PREFSRC",
  8: "RTA_METRICS",
  15: "RTA_TABLE",
  18: "RTA_VIA",
};
const ruleNames: Readonly<Record<number, string>> = {
  1: "FRA_DST",
  2: "FRA_SRC",
  3: "FRA_IIFNAME",
  4: "FRA_GOTO",
  6: "FRA_PRIORITY",
  10: "FRA_FWMARK",
  14: "FRA_SUPPRESS_PREFIXLEN",
  15: "FRA_TABLE",
  16: "FRA_FWMASK",
  17: "FRA_OIFNAME",
  21: "FRA_PROTOCOL",
};
const neighbourNames: Readonly<Record<number, string>> = { 1: "NDA_DST" };
const trafficControlNames: Readonly<Record<number, string>> = {
  1: "TCA_KIND",
  2: "TCA_OPTIONS",
  13: "TCA_INGRESS_BLOCK",
};
const namesByOp: Readonly<Record<KernelRequest["op"], Readonly<Record<number, string>>>> = {
  "set-link": linkNames,
  "add-link": linkNames,
  "delete-link": linkNames,
  "put-address": addressNames,
  "delete-address": addressNames,
  "put-route": routeNames,
  "delete-route": routeNames,
  "add-rule": ruleNames,
  "delete-rule": ruleNames,
  "resolve-neighbour": neighbourNames,
  "put-shaper": trafficControlNames,
  "delete-shaper": trafficControlNames,
  "add-ingress": trafficControlNames,
  "delete-ingress": trafficControlNames,
  "add-policer": trafficControlNames,
};

/** Undefined: the kernel did it. `sent`: the message as it went out, which the kernel's offset counts in. */
export function refusal(request: KernelRequest, answer: Acknowledgement, sent: Buffer): KernelError | undefined {
  if (answer.errno === 0) return undefined;
  const blamed = answer.offset === undefined ? answer.missingType : attributeAt(sent, answer.offset);
  const attribute = blamed === undefined ? undefined : (namesByOp[request.op][blamed] ?? `attribute ${blamed}`);
  return kernelError(describeRequest(request), answer.errno, answer.detail, attribute);
}
