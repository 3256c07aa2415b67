/** The options of the sections of package `network`: one line each. */
import { keepalive, later, line, linkName, linkOrAlias, list, mac, oneOf, text, truth, whole } from "./option-types.ts";

const highestMetric = 0xffffffff;
const word = list(text);

/** Of every interface, with any protocol. */
export const interfaceOptions = {
  proto: text,
  device: linkOrAlias,
  /** The older name of `device`; with `type bridge` the ports of a bridge of its own. */
  ifname: list(linkOrAlias),
  type: oneOf("bridge"),
  auto: truth,
  disabled: truth,
  force_link: truth,
  defaultroute: truth,
  peerdns: truth,
  dns: word,
  dns_search: word,
  metric: whole(0, highestMetric),
  mtu: whole(68, 65535),
  macaddr: later(mac),
  carrier_loss_delay: later(whole(0, 3600)),
  dns_metric: later(whole(0, highestMetric)),
  ip4table: later(text),
  ip6table: later(text),
  renew: later(truth),
  delegate: later(truth),
  ip6assign: later(whole(0, 64)),
  ip6hint: later(text),
  ip6class: later(word),
  ip6ifaceid: later(text),
  ip6weight: later(whole(0, highestMetric)),
  /** Of the inline options of a device: 0 keeps router advertisements unheard. */
  ipv6: text,
  stp: later(truth),
  igmp_snooping: later(truth),
  zone: later(text),
  tags: later(word),
} as const;

/** Of a protocol that another program brings: its `device` may be no link at all, but a modem's file. */
export const foreignOptions = { device: text, ifname: text } as const;

/** Of `proto static`. */
export const staticOptions = {
  ipaddr: word,
  netmask: text,
  gateway: text,
  broadcast: later(text),
  ptpaddr: later(text),
  ip6addr: word,
  ip6gw: text,
  ip6prefix: later(word),
  ip6deprecated: later(truth),
} as const;

/** Of `proto dhcp`. */
export const dhcpOptions = {
  hostname: later(text),
  clientid: later(text),
  vendorid: later(text),
  reqopts: later(text),
  broadcast: later(truth),
  norelease: later(truth),
} as const;

/** Of `proto pppoe`. pppd takes names and passwords of up to 255 bytes. */
export const pppoeOptions = {
  username: line(255),
  password: line(255),
  ac: line(255),
  service: line(255),
  keepalive,
  keepalive_adaptive: later(truth),
  demand: later(text),
  host_uniq: later(text),
  pppd_options: later(text),
} as const;

export const deviceOptions = {
  name: linkName,
  type: text,
  enabled: truth,
  /** Of a bridge. */
  ports: list(linkName),
  bridge_empty: truth,
  /** Of a VLAN: the link below. */
  ifname: linkName,
  vid: whole(1, 4094),
  mtu: whole(68, 65535),
  macaddr: mac,
  txqueuelen: whole(0, 0x7fffffff),
  mtu6: later(whole(1280, 65535)),
  ipv6: later(truth),
  promisc: later(truth),
  stp: later(truth),
  forward_delay: later(whole(2, 30)),
  priority: later(whole(0, 0xffff)),
  igmp_snooping: later(truth),
  multicast_querier: later(truth),
  ageing_time: later(whole(0, 1_000_000)),
  hello_time: later(whole(1, 10)),
  max_age: later(whole(6, 40)),
  vlan_filtering: later(truth),
  ingress_qos_mapping: later(word),
  egress_qos_mapping: later(word),
} as const;

export const routeOptions = {
  interface: text,
  target: text,
  netmask: text,
  gateway: text,
  disabled: truth,
  metric: later(whole(0, highestMetric)),
  mtu: later(whole(0, 65535)),
  table: later(text),
  source: later(text),
  onlink: later(truth),
  type: later(text),
  proto: later(text),
  valid: later(whole(0, highestMetric)),
} as const;

export const aliasOptions = { interface: text, ...interfaceOptions, ...staticOptions } as const;
export const bridgeVlanOptions = {
  device: linkName,
  vlan: whole(1, 4094),
  local: truth,
  ports: word,
  alias: word,
} as const;
export const globalsOptions = {
  ula_prefix: later(text),
  packet_steering: later(text),
  dhcp_default_duid: later(text),
  tcp_l3mdev: later(truth),
  udp_l3mdev: later(truth),
  default_ps: later(truth),
} as const;
