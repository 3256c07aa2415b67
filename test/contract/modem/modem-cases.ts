/** Behaviour of every Modems; run against the fake, and against ModemManager's D-Bus interface on a real bus. */
import assert from "node:assert/strict";
import type { Modem, ModemObserver, Modems } from "../../../src/modem/modem.ts";
import type { FakeModemSpec } from "../../fakes/fake-modem-manager.ts";

export interface ModemWorld {
  readonly modems: Modems;
  plug(spec: FakeModemSpec): Promise<void>;
  unplug(imei: string): Promise<void>;
  setSignal(imei: string, percent: number): Promise<void>;
  setReach(imei: string, isInReach: boolean): Promise<void>;
  cutOff(imei: string): Promise<void>;
  /** kill -9 of its daemon. */
  kill(): Promise<void>;
  /** With the modems that are still plugged in. */
  start(): Promise<void>;
  /** Waits, in a bounded way, until it is so. */
  until(what: string, isSo: () => boolean): Promise<void>;
}
export type ModemCase = (world: ModemWorld) => Promise<void>;

const imei = "350000000000001";
const spec: FakeModemSpec = {
  imei,
  link: "wwan0",
  iccid: "8900100000000000001",
  apn: "internet.test",
  addressing: "static",
};

class Listener implements ModemObserver {
  readonly heard: string[] = [];
  modemAdded = ({ equipmentId }: Modem) => void this.heard.push(`added ${equipmentId}`);
  modemChanged = (modem: Modem, before: Modem) => {
    if (modem.state !== before.state) this.heard.push(modem.state);
  };
  modemRemoved = ({ equipmentId }: Modem, because: string) =>
    void this.heard.push(`removed ${equipmentId}: ${because}`);
}

async function plugged(world: ModemWorld, more: Partial<FakeModemSpec> = {}) {
  const listener = new Listener();
  world.modems.observe(listener);
  await world.plug({ ...spec, ...more });
  await world.until("the modem is told", () => listener.heard.length > 0);
  const now = () => world.modems.all[0] as Modem;
  return { listener, now, id: now().id };
}

export const modemCases: Readonly<Record<string, ModemCase>> = {
  "a modem is told once its SIM is read, with its links and how it stands": async (world) => {
    const { listener, now } = await plugged(world);
    assert.deepEqual(listener.heard, [`added ${imei}`]);
    const { equipmentId, manufacturer, netPorts, state, lock, failure, sim, registration, bearers } = now();
    assert.deepEqual(
      { equipmentId, manufacturer, netPorts, state, lock, failure, registration, bearers },
      {
        equipmentId: imei,
        manufacturer: "Fairlead",
        netPorts: ["wwan0"],
        state: "disabled",
        lock: "none",
        failure: "none",
        registration: "idle",
        bearers: [],
      },
    );
    assert.deepEqual(sim, {
      iccid: spec.iccid,
      imsi: "001010123456789",
      operatorCode: "00101",
      operatorName: "Test Network",
    });
  },

  "a modem that is there before any observer is told to later ones": async (world) => {
    await plugged(world);
    const second = new Listener();
    world.modems.observe(second);
    await world.until("it is told", () => second.heard.length > 0);
    assert.deepEqual(second.heard, [`added ${imei}`]);
  },

  "enabled, it registers, with operator, technology and signal; disabled, it has none": async (world) => {
    const { listener, now, id } = await plugged(world);
    await world.modems.enable(id, true);
    await world.until("it is registered", () => now().state === "registered");
    const { operatorCode, operatorName, networkTechnology, signalPercent, registration } = now();
    assert.deepEqual(
      { operatorCode, operatorName, networkTechnology, signalPercent, registration },
      {
        operatorCode: "00101",
        operatorName: "Test Network",
        networkTechnology: "LTE",
        signalPercent: 60,
        registration: "home",
      },
    );
    await world.setSignal(imei, 20);
    await world.until("the signal is told", () => now().signalPercent === 20);
    await world.modems.enable(id, false);
    await world.until("it is disabled", () => now().state === "disabled" && now().registration === "idle");
    assert.deepEqual([now().operatorName, now().networkTechnology], ["", ""]);
    assert.ok(listener.heard.includes("enabling"));
  },

  "connected, its bearer says by which link and with which addresses": async (world) => {
    const { now, id } = await plugged(world);
    const { id: _, ...bearer } = await world.modems.connect(id, { apn: spec.apn });
    assert.deepEqual(bearer, {
      portName: "wwan0",
      isConnected: true,
      ipv4: { method: "static", address: "10.64.0.2", prefixLength: 30, gateway: "10.64.0.1" },
      ipv6: { method: "none" },
      nameServers: ["10.64.0.1"],
      mtu: 1430,
    });
    await world.until("it is told", () => now().state === "connected" && now().bearers[0]?.isConnected === true);
    await world.modems.disconnect(id);
    await world.until("it is gone", () => now().state === "registered" && now().bearers[0]?.isConnected === false);
    await world.modems.disconnect(id);
  },

  "a bearer without addresses of its own names DHCP or PPP": async (world) => {
    for (const addressing of ["dhcp", "ppp"] as const) {
      const { id } = await plugged(world, { addressing });
      const { ipv4 } = await world.modems.connect(id, { apn: spec.apn });
      assert.deepEqual(ipv4, { method: addressing });
      await world.unplug(imei);
      await world.until("it is gone", () => world.modems.all.length === 0);
    }
  },

  "a connection that the network ends, or that goes out of reach, is told with its bearer": async (world) => {
    const { now, id } = await plugged(world);
    const isConnected = () => now().bearers.some((bearer) => bearer.isConnected);
    await world.modems.connect(id, { apn: spec.apn });
    await world.until("it is connected", isConnected);
    await world.cutOff(imei);
    await world.until("it is told", () => now().state === "registered" && !isConnected());
    await world.modems.connect(id, { apn: spec.apn });
    await world.until("it is connected again", isConnected);
    await world.setReach(imei, false);
    await world.until("it is out of reach", () => now().state === "searching" && !isConnected());
    await assert.rejects(world.modems.connect(id, { apn: spec.apn }), { refusal: "not-registered" });
    await world.setReach(imei, true);
    await world.until("it is back", () => now().state === "registered" && now().registration === "home");
  },

  "a wrong access point name and a wrong password are told apart, and no secret is in the error": async (world) => {
    const { id } = await plugged(world, { user: "somebody", password: "right one" });
    await assert.rejects(world.modems.connect(id, { apn: "elsewhere.test" }), { refusal: "invalid-apn" });
    const wrong = { apn: spec.apn, user: "somebody", password: "wrong one" };
    await assert.rejects(world.modems.connect(id, wrong), (error: Error & { refusal?: string }) => {
      assert.equal(error.refusal, "not-authenticated");
      assert.doesNotMatch(error.message, /wrong one|somebody/);
      return true;
    });
    await world.modems.connect(id, { ...wrong, password: "right one" });
  },

  "a locked SIM says so, refuses to connect, and opens with its PIN": async (world) => {
    const { now, id } = await plugged(world, { pin: "1234" });
    assert.deepEqual(
      [now().state, now().lock, now().unlockRetries, now().sim?.iccid],
      ["locked", "sim-pin", 3, spec.iccid],
    );
    await assert.rejects(world.modems.enable(id, true), { refusal: "wrong-state" });
    await assert.rejects(world.modems.connect(id, { apn: spec.apn }), { refusal: "sim-locked" });
    await assert.rejects(world.modems.sendPin(id, "9999"), (error: Error & { refusal?: string }) => {
      assert.equal(error.refusal, "wrong-pin");
      assert.doesNotMatch(error.message, /9999/);
      return true;
    });
    await world.until("a retry is lost", () => now().unlockRetries === 2);
    await world.modems.sendPin(id, "1234");
    await world.until("it is open", () => now().state === "disabled" && now().lock === "none");
    await world.until("the SIM is told", () => now().sim?.imsi === "001010123456789");
  },

  "without a SIM, or without a link, it is there all the same": async (world) => {
    const { iccid: _, link: __, ...bare } = spec;
    const listener = new Listener();
    world.modems.observe(listener);
    await world.plug(bare);
    await world.until("the modem is told", () => world.modems.all.length === 1);
    const [modem] = world.modems.all;
    assert.deepEqual(
      [modem?.state, modem?.failure, modem?.sim, modem?.netPorts],
      ["failed", "sim-missing", undefined, []],
    );
    await assert.rejects(world.modems.sendPin(modem?.id ?? "", "1"), { name: "ModemError" });
  },

  "unplugged and back, it is another one; orders to the former are refused": async (world) => {
    const { listener, id } = await plugged(world);
    await world.unplug(imei);
    await world.until("it is gone", () => world.modems.all.length === 0);
    assert.equal(listener.heard.at(-1), `removed ${imei}: the modem was unplugged`);
    await assert.rejects(world.modems.enable(id, true), { refusal: "gone" });
    await assert.rejects(world.modems.connect(id, { apn: spec.apn }), { refusal: "gone" });
    await world.modems.disconnect(id);
    await world.plug(spec);
    await world.until("it is back", () => world.modems.all.length === 1);
    assert.notEqual(world.modems.all[0]?.id, id);
  },

  "when its daemon is killed every modem is gone; they come back with it": async (world) => {
    const { listener, id } = await plugged(world);
    await world.modems.connect(id, { apn: spec.apn });
    await world.kill();
    await world.until("it is gone", () => world.modems.all.length === 0);
    assert.equal(listener.heard.at(-1), `removed ${imei}: ModemManager is gone`);
    await assert.rejects(world.modems.connect(id, { apn: spec.apn }), { refusal: "gone" });
    await world.start();
    await world.until("it is back", () => world.modems.all.length === 1);
    assert.deepEqual(
      world.modems.all.map(({ equipmentId, state }) => [equipmentId, state]),
      [[imei, "disabled"]],
    );
  },
};
