/**
 * Behaviour of every Supplicant; run against the fake, and in a guest with radios against wpa_supplicant and hostapd.
 */
import assert from "node:assert/strict";
import type { RadioEnd, RadioKey, RadioObserver, RadioState, Supplicant } from "../../../src/supplicant/supplicant.ts";

export const passphrase = "a long passphrase";
/** The access points that are in the air for all cases. */
export const networks = ["Open", "Psk", "Sae"] as const;
export type NetworkName = (typeof networks)[number];

export interface SupplicantWorld {
  /** Absent: a wrong passphrase of WPA3 is told as such. False: only that there is no association. */
  readonly tellsRefusalOfSae?: false;
  readonly supplicant: Supplicant;
  readonly linkName: string;
  /** The access point is switched off for good. */
  switchOff(network: NetworkName): Promise<void>;
  /** kill -9. */
  kill(): Promise<void>;
  start(): Promise<void>;
  /** Waits, in a bounded way, until it is so. */
  until(what: string, isSo: () => boolean): Promise<void>;
}

/** Keeps the calls that it hears. */
class Listener implements RadioObserver {
  readonly heard: string[] = [];
  readonly states: RadioState[] = [];
  readonly ends: RadioEnd[] = [];
  ready = () => void this.heard.push("ready");
  lost = () => void this.heard.push("lost");
  bssFound = () => void this.heard.push("found");
  bssChanged = () => {};
  bssGone = () => void this.heard.push("gone");
  scanDone = (isSuccessful: boolean) => void this.heard.push(isSuccessful ? "scanned" : "scan failed");
  stateChanged = (state: RadioState) => void this.states.push(state);
  associationEnded = (end: RadioEnd) => void this.ends.push(end);
  currentBssChanged = (id: string | undefined) => void this.heard.push(id === undefined ? "bss none" : "bss");
}

const keyFor: Readonly<Record<NetworkName, RadioKey>> = {
  Open: { kind: "none" },
  Psk: { kind: "passphrase", passphrase },
  Sae: { kind: "passphrase", passphrase },
};

export type SupplicantCase = (world: SupplicantWorld) => Promise<void>;

/** In this order: the last ones take things away. */
export const supplicantCases: Readonly<Record<string, SupplicantCase>> = {
  "a link is attached, scans, and finds access points with what they ask for": async (world) => {
    const { listener, radio } = await attached(world);
    await scanned(world, radio, listener);
    const found = Object.fromEntries(
      [...radio.bsses.values()].map(({ ssid, security, mode, bssid }) => {
        assert.equal(mode, "infrastructure");
        assert.match(bssid, /^([0-9a-f]{2}:){5}[0-9a-f]{2}$/);
        return [ssid.toString(), [security.rsn.join(), security.isPrivate]];
      }),
    );
    assert.deepEqual(found, { Open: ["", false], Psk: ["wpa-psk", true], Sae: ["sae", true] });
    await radio.detach();
  },

  "open, WPA2 and WPA3 networks are joined, one in place of the other": async (world) => {
    const { listener, radio } = await attached(world);
    await scanned(world, radio, listener);
    for (const name of networks) {
      listener.states.length = 0;
      await radio.connect({ ssid: Buffer.from(name), key: keyFor[name], isHidden: false });
      const isOn = () => radio.bsses.get(radio.currentBss ?? "")?.ssid.toString() === name;
      await world.until(`${name} is joined`, () => radio.state === "completed" && isOn());
      assert.ok(listener.states.includes("associating") || listener.states.includes("associated"), name);
    }
    await radio.disconnect();
    await world.until("it is left", () => radio.state !== "completed" && radio.currentBss === undefined);
    assert.equal(listener.ends.at(-1)?.isLocal, true);
    await radio.detach();
  },

  "a wrong passphrase ends in the handshake of WPA2, in the authentication of WPA3, and never in a connection": async (
    world,
  ) => {
    const { listener, radio } = await attached(world);
    await scanned(world, radio, listener);
    const key: RadioKey = { kind: "passphrase", passphrase: "not the right one" };
    for (const [name, from] of [
      ["Psk", "4way_handshake"],
      ["Sae", "authenticating"],
    ] as const) {
      listener.ends.length = 0;
      await radio.connect({ ssid: Buffer.from(name), key, isHidden: false });
      await world.until(`${name} refuses`, () => listener.ends.some(({ isLocal }) => !isLocal));
      const end = listener.ends.find(({ isLocal }) => !isLocal);
      if (name === "Sae" && world.tellsRefusalOfSae === false) assert.equal(end?.told, "not-found");
      else assert.deepEqual([end?.from, (end?.status ?? 0) !== 0], [from, name === "Sae"], name);
      assert.equal(listener.states.includes("completed"), false, name);
      await radio.disconnect();
    }
    await radio.detach();
  },

  "orders that no radio could carry out are refused without a word of the key": async (world) => {
    const { radio } = await attached(world);
    const key: RadioKey = { kind: "raw", key: Buffer.alloc(5) };
    await assert.rejects(radio.connect({ ssid: Buffer.from("Psk"), key, isHidden: false }), {
      code: "InvalidPassphrase",
    });
    for (const ssid of [Buffer.alloc(0), Buffer.alloc(33)]) {
      await assert.rejects(radio.connect({ ssid, key: keyFor.Open, isHidden: false }), { code: "InvalidNetworkName" });
    }
    await radio.detach();
    await assert.rejects(radio.scan([]), { code: "Failure" });
    await radio.disconnect();
    await radio.detach();
  },

  "a supplicant that is killed loses the link, and takes it again when it is back": async (world) => {
    const { listener, radio } = await attached(world);
    await scanned(world, radio, listener);
    await radio.connect({ ssid: Buffer.from("Psk"), key: keyFor.Psk, isHidden: false });
    await world.until("it is joined", () => radio.state === "completed");
    await world.kill();
    await world.until("it is lost", () => listener.heard.includes("lost"));
    assert.deepEqual([radio.isReady, radio.bsses.size, radio.currentBss], [false, 0, undefined]);
    await assert.rejects(radio.scan([]), { code: "Failure" });
    listener.heard.length = 0;
    await world.start();
    await world.until("it is ready again", () => listener.heard.includes("ready"));
    await scanned(world, radio, listener);
    await radio.connect({ ssid: Buffer.from("Psk"), key: keyFor.Psk, isHidden: false });
    await world.until("it is joined again", () => radio.state === "completed");
    await radio.detach();
  },

  "an access point that goes ends the association": async (world) => {
    const { listener, radio } = await attached(world);
    await scanned(world, radio, listener);
    await radio.connect({ ssid: Buffer.from("Open"), key: keyFor.Open, isHidden: false });
    await world.until("it is joined", () => radio.state === "completed");
    await world.switchOff("Open");
    await world.until("it is lost", () => radio.state !== "completed" && radio.currentBss === undefined);
    assert.ok(listener.ends.length > 0);
    await radio.detach();
  },
};

async function attached({ supplicant, linkName, until }: SupplicantWorld) {
  const listener = new Listener();
  const radio = supplicant.attach(linkName, listener);
  await until("the link is attached", () => radio.isReady && listener.heard.includes("ready"));
  return { listener, radio };
}

type Attached = Awaited<ReturnType<typeof attached>>;
/** One scan need not hear everything. */
async function scanned(
  { until }: SupplicantWorld,
  radio: Attached["radio"],
  listener: Attached["listener"],
): Promise<void> {
  const wanted = listener.heard.includes("lost") ? ["Psk"] : ["Psk", "Sae"];
  const isHeard = () => {
    const names = [...radio.bsses.values()].map(({ ssid }) => ssid.toString());
    return wanted.every((name) => names.includes(name));
  };
  for (let round = 0; round < 5; round++) {
    listener.heard.splice(0, listener.heard.length, ...listener.heard.filter((word) => word !== "scanned"));
    await radio.scan([]);
    await until("the scan ends", () => listener.heard.includes("scanned"));
    if (isHeard()) return;
  }
  await until("all access points are heard", isHeard);
}
