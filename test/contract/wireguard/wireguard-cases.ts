/** Behaviour of every Wireguard; run against the fake, and in a guest against the kernel. */
import assert from "node:assert/strict";
import type { Rtnl } from "../../../src/rtnl/rtnl.ts";
import type { Wireguard, WireguardPeerSettings } from "../../../src/rtnl/wireguard.ts";

export interface WireguardWorld {
  readonly wireguard: Wireguard;
  readonly rtnl: Rtnl;
}

const privateKey = Buffer.alloc(32, 7);
/** The kernel clears some bits of private keys, and none of public ones. */
const publicKey = (number: number): Buffer => {
  const key = Buffer.alloc(32, 1);
  key.writeUInt32BE(number);
  return key;
};
const endpoint = { address: "192.0.2.1", port: 51820 };

async function makeLink({ rtnl }: WireguardWorld): Promise<number> {
  await rtnl.request({ op: "add-link", link: { kind: "wireguard", name: "wg7" } });
  return rtnl.snapshot.linkByName("wg7")?.index ?? -1;
}
const removeLink = ({ rtnl }: WireguardWorld, link: number) => rtnl.request({ op: "delete-link", link });

async function shown({ wireguard }: WireguardWorld, link: number): Promise<string[]> {
  const peers = await wireguard.peers(link);
  return peers
    .map((peer) => `${peer.publicKey.readUInt32BE()} ${peer.endpoint?.address ?? "-"} ${peer.endpoint?.port ?? "-"}`)
    .sort();
}

export const wireguardCases: Readonly<Record<string, (world: WireguardWorld) => Promise<void>>> = {
  "a link of the kind has no hardware address, and no peers at first": async (world) => {
    const link = await makeLink(world);
    const { mac, kind, hardwareType } = world.rtnl.snapshot.links.get(link) ?? {};
    assert.deepEqual([mac, kind, hardwareType], [undefined, "wireguard", 65534]);
    assert.deepEqual(await world.wireguard.peers(link), []);
    await removeLink(world, link);
  },

  "peers are set, and others take their place": async (world) => {
    const link = await makeLink(world);
    const peers: WireguardPeerSettings[] = [
      { publicKey: publicKey(1), allowedIps: ["0.0.0.0/0", "::/0"], endpoint, keepaliveSeconds: 25 },
      { publicKey: publicKey(2), allowedIps: [], endpoint: { address: "2001:db8::1", port: 1 } },
      { publicKey: publicKey(3), allowedIps: ["10.0.0.0/8"], presharedKey: Buffer.alloc(32, 3) },
    ];
    await world.wireguard.configure(link, { privateKey, listenPort: 40_000, peers });
    assert.deepEqual(await shown(world, link), ["1 192.0.2.1 51820", "2 2001:db8::1 1", "3 - -"]);
    const [first] = await world.wireguard.peers(link);
    assert.deepEqual([first?.lastHandshakeMs, first?.receivedBytes], [undefined, 0n]);
    await world.wireguard.configure(link, { privateKey, peers: [{ publicKey: publicKey(4), allowedIps: ["::/0"] }] });
    assert.deepEqual(await shown(world, link), ["4 - -"]);
    await removeLink(world, link);
  },

  "more peers and addresses than one message holds": async (world) => {
    const link = await makeLink(world);
    const many = (count: number, octet: number) =>
      [...Array(count).keys()].map((at) => `10.${octet}.${at >> 8}.${at & 255}/32`);
    const peers = [...Array(200).keys()].map((at) => ({ publicKey: publicKey(at), allowedIps: many(8, at), endpoint }));
    peers.push({ publicKey: publicKey(999), allowedIps: many(2000, 255), endpoint });
    await world.wireguard.configure(link, { privateKey, peers });
    assert.equal((await shown(world, link)).length, 201);
    await removeLink(world, link);
  },

  "an endpoint moves; a peer that is not there stays away": async (world) => {
    const link = await makeLink(world);
    await world.wireguard.configure(link, {
      privateKey,
      peers: [{ publicKey: publicKey(1), allowedIps: [], endpoint }],
    });
    await world.wireguard.moveEndpoint(link, publicKey(1), { address: "198.51.100.9", port: 7 });
    await world.wireguard.moveEndpoint(link, publicKey(2), endpoint);
    assert.deepEqual(await shown(world, link), ["1 198.51.100.9 7"]);
    await removeLink(world, link);
  },

  "a peer is greeted, with and without an endpoint, and nothing else of it changes": async (world) => {
    const link = await makeLink(world);
    const peers = [
      { publicKey: publicKey(1), allowedIps: [], endpoint },
      { publicKey: publicKey(2), allowedIps: [], keepaliveSeconds: 30 },
    ];
    await world.wireguard.configure(link, { privateKey, peers });
    for (const number of [1, 2, 3]) await world.wireguard.greet(link, publicKey(number), undefined);
    assert.deepEqual(await shown(world, link), ["1 192.0.2.1 51820", "2 - -"]);
    await removeLink(world, link);
  },

  "a link that is not there, or of another kind, is refused": async (world) => {
    await assert.rejects(world.wireguard.configure(9999, { privateKey, peers: [] }), { code: "ENODEV" });
    await assert.rejects(world.wireguard.peers(9999), { code: "ENODEV" });
    await assert.rejects(world.wireguard.peers(1), { code: "EOPNOTSUPP" });
  },

  "keys and addresses that are none are refused before the kernel sees them": async (world) => {
    const link = await makeLink(world);
    const refused = async (peer: WireguardPeerSettings) =>
      assert.rejects(world.wireguard.configure(link, { privateKey, peers: [peer] }), RangeError);
    await refused({ publicKey: Buffer.alloc(31), allowedIps: [] });
    await refused({ publicKey: publicKey(1), allowedIps: ["10.0.0.0/33"] });
    await assert.rejects(
      world.wireguard.moveEndpoint(link, publicKey(1), { address: "example.org", port: 1 }),
      RangeError,
    );
    assert.deepEqual(await shown(world, link), []);
    await removeLink(world, link);
  },
};
