/** IFLA_LINKINFO for the kinds of links that we make: the kind and its own data. */
import { formatLink } from "netlink/dist/rt/gen_structs.js";
import { bytes, encodeParts, inRange, type Part, text, u16, u32 } from "./encode.ts";
import type { NewLink } from "./rtnl.ts";

const infoKind = 1;
const infoData = 2;
/** IFLA_IFNAME */
const interfaceName = 3;
const vethPeer = 1;
const vlanId = 1;
const macvlanMode = 1;
const macvlanModes = { private: 1, vepa: 2, bridge: 4, passthru: 8 } as const;
/** 4095 is reserved (IEEE 802.1Q). */
const highestVlanId = 4094;

/** The content of the attribute, without its header. */
export function encodeLinkInfo(link: NewLink): Buffer {
  const parts: Part[] = [text(infoKind, "kind", link.kind)];
  const data = encodeKindData(link);
  if (data) parts.push(bytes(infoData, encodeParts(data)));
  return encodeParts(parts);
}

function encodeKindData(link: NewLink): readonly Part[] | undefined {
  switch (link.kind) {
    case "veth":
      // The peer is described like a link of its own: fixed part, then attributes.
      return [bytes(vethPeer, encodeParts([formatLink({}), text(interfaceName, "peerName", link.peerName)]))];
    case "vlan":
      return [u16(vlanId, "vlanId", inRange("vlanId", link.vlanId, highestVlanId))];
    case "macvlan":
      return [u32(macvlanMode, "mode", macvlanModes[link.mode])];
    case "bridge":
    case "dummy":
    case "wireguard":
      return undefined;
  }
}
