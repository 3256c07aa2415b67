/** Making, changing and removing links of the kernel in memory. */
import { parseMac } from "../../base/ip-address.ts";
import type { LinkChange, NewLink } from "../../rtnl/rtnl.ts";
import { addPrefixRoutes, onLinkDown } from "./addresses.ts";
import { type KernelState, Refusal } from "./kernel-state.ts";
import { makeStageLink, type StageLink } from "./links.ts";

/** IFNAMSIZ less the ending zero. */
const longestName = 15;

function checkName(state: KernelState, name: string): void {
  if (name.length > longestName) throw new Refusal("ERANGE");
  // As dev_valid_name.
  if (name === "" || name === "." || name === ".." || /[/:\s\0]/.test(name)) throw new Refusal("EINVAL");
  if (state.byName(name)) throw new Refusal("EEXIST");
}

function checkMac(mac: string): void {
  const bytes = parseMac(mac);
  const isMulticast = ((bytes[0] as number) & 1) === 1;
  if (isMulticast || bytes.every((octet) => octet === 0)) throw new Refusal("EADDRNOTAVAIL");
}

function checkMtu(link: StageLink, mtu: number): void {
  if (mtu < link.minMtu) throw new Refusal("EINVAL", "mtu less than device minimum");
  if (link.maxMtu > 0 && mtu > link.maxMtu) throw new Refusal("EINVAL", "mtu greater than device maximum");
}

/** In the order of the real one, which keeps its changes before the first refusal (do_setlink). */
export function changeLink(state: KernelState, index: number, change: LinkChange): void {
  const link = state.link(index);
  if (change.namespaceOfPid !== undefined) {
    moveLink(state, link, change.namespaceOfPid);
    return;
  }
  if (change.mac !== undefined) {
    checkMac(change.mac);
    link.mac = change.mac.toLowerCase();
    link.hasOwnMac = true;
  }
  if (change.mtu !== undefined) {
    checkMtu(link, change.mtu);
    link.mtu = change.mtu;
  }
  if (change.name !== undefined && change.name !== link.name) {
    checkName(state, change.name);
    link.name = change.name;
  }
  if (change.master !== undefined) setMaster(state, link, change.master);
  if (change.isUp !== undefined) setUp(state, link, change.isUp);
  if (change.alias !== undefined) link.alias = change.alias;
  if (change.txQueueLength !== undefined) link.txQueueLength = change.txQueueLength;
}

export function setUp(state: KernelState, link: StageLink, isUp: boolean): void {
  if (link.isUp === isUp) return;
  if (isUp) checkLowerIsUp(state, link);
  link.isUp = isUp;
  state.describeLinks();
  if (isUp) addPrefixRoutes(state, link.index);
  else onLinkDown(state, link.index);
}

function checkLowerIsUp(state: KernelState, link: StageLink): void {
  const lower = link.lowerLink === undefined ? undefined : state.links.get(link.lowerLink);
  if (link.kind === "vlan" && lower?.isUp === false) throw new Refusal("ENETDOWN");
}

function setMaster(state: KernelState, link: StageLink, master: number): void {
  if (master === 0) {
    link.master = undefined;
    return;
  }
  const upper = state.links.get(master);
  if (!upper) throw new Refusal("EINVAL");
  if (upper.kind !== "bridge") throw new Refusal("EOPNOTSUPP");
  if (link.hardwareType === 772) throw new Refusal("EINVAL");
  if (link.kind === "bridge") throw new Refusal("ELOOP", "Can not enslave a bridge to a bridge");
  link.master = master;
  upper.hadPorts = true;
}

/** Only this process's own namespace is known; every other one is far away and takes the link along. */
function moveLink(state: KernelState, link: StageLink, pid: number): void {
  if (pid === process.pid) return;
  if (pid <= 0) throw new Refusal("ESRCH");
  if (link.kind === "bridge" || link.hardwareType === 772) {
    throw new Refusal("EINVAL", "The interface netns is immutable");
  }
  const peer = link.kind === "veth" ? state.links.get(link.lowerLink as number) : undefined;
  if (peer) peer.isLowerLinkForeign = true;
  forget(state, link);
}

export function addLink(state: KernelState, wish: NewLink): void {
  checkName(state, wish.name);
  if (wish.mac !== undefined) checkMac(wish.mac);
  const link = makeStageLink(state.nextIndex(), wish);
  if (wish.mtu !== undefined) checkMtu(link, wish.mtu);
  if (wish.kind === "veth") addPair(state, link, wish.peerName);
  else if (wish.kind === "vlan" || wish.kind === "macvlan") addStacked(state, link, wish);
  else state.links.set(link.index, link);
}

/** The real one makes the peer first, which so gets the lower index. */
function addPair(state: KernelState, link: StageLink, peerName: string): void {
  if (peerName === link.name) throw new Refusal("EEXIST");
  checkName(state, peerName);
  const peer = makeStageLink(link.index, { name: peerName, kind: "veth" });
  state.links.set(peer.index, peer);
  const own = link.hasOwnMac ? link.mac : undefined;
  const first = makeStageLink(state.nextIndex(), { name: link.name, kind: "veth", mac: own, mtu: link.mtu });
  first.lowerLink = peer.index;
  peer.lowerLink = first.index;
  state.links.set(first.index, first);
}

type StackedWish = Extract<NewLink, { kind: "vlan" | "macvlan" }>;

function addStacked(state: KernelState, link: StageLink, wish: StackedWish): void {
  const lower = state.link(wish.lowerLink);
  if (wish.kind === "vlan") {
    if (!(wish.vlanId >= 0 && wish.vlanId < 4095)) throw new Refusal("ERANGE", "Invalid VLAN id");
    const isTaken = [...state.links.values()].some(
      (other) => other.lowerLink === lower.index && other.vlanId === wish.vlanId,
    );
    if (isTaken) throw new Refusal("EEXIST", "VLAN device already exists");
    link.vlanId = wish.vlanId;
    if (wish.mac === undefined) link.mac = lower.mac;
  }
  link.lowerLink = lower.index;
  state.links.set(link.index, link);
}

export function deleteLink(state: KernelState, index: number): void {
  const link = state.link(index);
  if (link.kind === undefined) throw new Refusal("EOPNOTSUPP");
  removeLink(state, index);
}

/** With everything that stands on it: the other end of a pair, VLANs, the ports of a bridge. */
export function removeLink(state: KernelState, index: number): void {
  const link = state.link(index);
  forget(state, link);
  for (const other of [...state.links.values()]) {
    if (other.master === index) other.master = undefined;
    const goesAlong = other.lowerLink === index && !other.isLowerLinkForeign;
    if (goesAlong && state.links.has(other.index)) removeLink(state, other.index);
  }
}

function forget(state: KernelState, link: StageLink): void {
  state.links.delete(link.index);
  state.note(state.world.removeLink(link.index));
}
