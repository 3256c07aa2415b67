import type { Setting } from "../../kernel/link-sysctls.ts";

/**
 * A link of ours hears routers only while a network is on it: otherwise a person who disconnects would be connected
 * again by the next advertisement.
 */
export const acceptRouters = { name: "accept_ra", atRest: 0, inSession: 2 } as const;

/** IPv6 settings of a link that is ours, each with its reason. */
export const slaacLinkSettings: readonly Setting[] = [
  // Websites must not know a machine by the second half of its addresses (RFC 8981).
  { family: "ipv6", name: "use_tempaddr", value: 2 },
  // An address that another host has must not be used (RFC 4862, 5.4).
  { family: "ipv6", name: "accept_dad", value: 1 },
  // A router may lead to single networks only, or say which of two routers does (RFC 4191).
  { family: "ipv6", name: "accept_ra_rt_info_max_plen", value: 128 },
  // A router that wants prefixes to be delegated says so (RFC 9762); kernels before 6.12 do not know that.
  { family: "ipv6", name: "ra_honor_pio_pflag", value: 1 },
  // Without a link-local address no router can be asked; other ways of making one are a person's choice.
  { family: "ipv6", name: "addr_gen_mode", value: 0, onlyFrom: 1 },
  { family: "ipv6", name: acceptRouters.name, value: acceptRouters.atRest },
];

/** Not where a person has switched IPv6 off for the whole machine. */
export const ipv6On: Setting = { family: "ipv6", name: "disable_ipv6", value: 0 };
