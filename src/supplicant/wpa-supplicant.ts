import type { Clock } from "../base/clock.ts";
import { describeError } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import type { BusPort } from "../bus/bus.ts";
import { RemoteObjects } from "../bus/remote-objects.ts";
import { bssInterface } from "./bss.ts";
import type { Radio, RadioObserver, Supplicant } from "./supplicant.ts";
import { supplicantName, wpaInterface, wpaManager } from "./wpa-interfaces.ts";
import { WpaRadio } from "./wpa-radio.ts";

export interface WpaSupplicantPorts {
  readonly bus: BusPort;
  readonly clock: Clock;
  readonly log: Log;
}

/** Between attempts to have the bus start the supplicant while a radio wants it. */
const startAgainMs = 10_000;

/** {@link Supplicant} by wpa_supplicant's D-Bus interface (w1.fi/wpa_supplicant/devel/dbus.html). */
export class WpaSupplicant implements Supplicant {
  readonly #remote: RemoteObjects;
  readonly #radios = new Set<WpaRadio>();
  #cancelStart = () => {};
  #isStarted = false;

  constructor(private readonly ports: WpaSupplicantPorts) {
    const plan = { busName: supplicantName, interfaces: [wpaManager, wpaInterface, bssInterface] };
    this.#remote = new RemoteObjects(
      ports.bus,
      plan,
      {
        ready: () => this.#onReady(),
        gone: () => this.#onGone(),
        changed: (object, interfaceName, names) => {
          for (const radio of this.#radios) radio.onChanged(object, interfaceName, names);
        },
      },
      ports.log,
    );
  }

  get isThere(): boolean {
    return this.#remote.isReady;
  }

  attach(linkName: string, observer: RadioObserver): Radio {
    const { bus, clock, log } = this.ports;
    const radio: WpaRadio = new WpaRadio(linkName, observer, {
      remote: this.#remote,
      bus,
      clock,
      log,
      detached: () => this.#radios.delete(radio),
    });
    this.#radios.add(radio);
    if (!this.#isStarted) this.#start();
    else if (this.isThere) radio.begin();
    else this.#askForStart();
    return radio;
  }
  close(): void {
    this.#cancelStart();
    this.#remote.close();
  }

  /** Nothing is listened to before there is a radio. */
  #start(): void {
    this.#isStarted = true;
    this.#remote.start();
    this.#askForStart();
  }
  #onReady(): void {
    this.#cancelStart();
    for (const radio of this.#radios) radio.begin();
  }
  #onGone(): void {
    for (const radio of this.#radios) radio.onGone();
    if (this.#radios.size > 0) this.#askForStart();
  }
  /** A system starts it on demand; without activation, an administrator starts it in another way. */
  #askForStart(): void {
    const { bus, clock, log } = this.ports;
    this.#cancelStart();
    this.#cancelStart = clock.startTimer("supplicant-start", startAgainMs, () => {
      if (!this.isThere && this.#radios.size > 0) this.#askForStart();
    });
    const daemon = "org.freedesktop.DBus";
    const start = {
      destination: daemon,
      path: "/org/freedesktop/DBus",
      interface: daemon,
      member: "StartServiceByName",
    };
    bus.call({ ...start, signature: "su", args: [supplicantName, 0] }).catch((error: unknown) => {
      log.debug(() => `the bus does not start ${supplicantName}: ${describeError(error)}`);
    });
  }
}
