/**
 * The port to the daemon that drives modems. The real twin is `modem-manager.ts`, the fake
 * `test/fakes/fake-modem-manager.ts`; one contract holds both.
 */
import type { Cancel } from "../base/clock.ts";

/** Where a modem stands; names as in ModemManager's MMModemState. */
export type ModemState =
  | "failed"
  | "unknown"
  | "initializing"
  | "locked"
  | "disabled"
  | "disabling"
  | "enabling"
  | "enabled"
  | "searching"
  | "registered"
  | "disconnecting"
  | "connecting"
  | "connected";

/** MMModemStateFailedReason. */
export type ModemFailure = "none" | "unknown" | "sim-missing" | "sim-error" | "unknown-capabilities" | "esim-empty";

/**
 * MMModem3gppRegistrationState, as far as it makes a difference: `limited` is emergency calls and text messages only.
 */
export type Registration = "idle" | "home" | "searching" | "denied" | "unknown" | "roaming" | "limited";

/** MMModemLock in the words of shill (`sim-pin`, `sim-puk`, `network-pin`), and `other` for the rarer ones. */
export type ModemLock = "none" | "sim-pin" | "sim-puk" | "network-pin" | "other";

export interface Sim {
  /** ICCID; digits, and at times letters. Empty: it is locked, and does not say. */
  readonly iccid: string;
  readonly imsi: string;
  /** MCC and MNC of the network that sold it. */
  readonly operatorCode: string;
  readonly operatorName: string;
}

/** How one family of a bearer gets its addresses. */
export type BearerAddressing =
  | { readonly method: "none" | "ppp" | "dhcp" }
  | {
      readonly method: "static";
      readonly address: string;
      readonly prefixLength: number;
      readonly gateway: string | undefined;
    };

/** A connection of a modem to a packet network. */
export interface Bearer {
  readonly id: string;
  /** Link that its packets go through, or a serial port for PPP; empty while not connected. */
  readonly portName: string;
  readonly isConnected: boolean;
  readonly ipv4: BearerAddressing;
  readonly ipv6: BearerAddressing;
  /** Of both families, in canonical text. */
  readonly nameServers: readonly string[];
  readonly mtu: number | undefined;
}

/** One modem as last told; another object for each change. Text in it is bounded and printable. */
export interface Modem {
  /** The same until it is unplugged, or its daemon restarts; never twice in one run of the daemon. */
  readonly id: string;
  /** IMEI, MEID or ESN. */
  readonly equipmentId: string;
  readonly manufacturer: string;
  readonly model: string;
  readonly revision: string;
  /** Where it is plugged in, as sysfs has it. */
  readonly devicePath: string;
  readonly primaryPort: string;
  /** Names of its links. */
  readonly netPorts: readonly string[];
  readonly state: ModemState;
  readonly failure: ModemFailure;
  readonly lock: ModemLock;
  /** Of the lock; undefined: not told. */
  readonly unlockRetries: number | undefined;
  readonly signalPercent: number;
  /** Shill's word for the newest of those in use: `LTE`, `5GNR`; empty: none is. */
  readonly networkTechnology: string;
  readonly registration: Registration;
  /** Of the network that it is registered with; empty: none. */
  readonly operatorCode: string;
  readonly operatorName: string;
  /** Undefined: there is none, or it was not read yet. */
  readonly sim: Sim | undefined;
  readonly bearers: readonly Bearer[];
}

export interface ModemConnection {
  /** Empty: the network's default for a subscription without one. */
  readonly apn: string;
  readonly user?: string;
  /** Secret: never logged, never part of an error. */
  readonly password?: string;
  /** Absent: as the modem likes. */
  readonly ipType?: IpType;
}
export const ipTypes = ["ipv4", "ipv6", "ipv4v6"] as const;
export type IpType = (typeof ipTypes)[number];

/** Why a modem refused; `gone`: it, or its daemon, is not there. */
export type ModemRefusal =
  | "gone"
  | "busy"
  | "denied"
  | "sim-locked"
  | "sim-missing"
  | "wrong-pin"
  | "invalid-apn"
  | "not-authenticated"
  | "not-registered"
  | "no-roaming"
  | "not-subscribed"
  | "wrong-state"
  | "timeout"
  | "other";

export class ModemError extends Error {
  override readonly name = "ModemError";
  constructor(
    readonly refusal: ModemRefusal,
    /** Holds none of the arguments. */
    message: string,
  ) {
    super(message);
  }
}

/** Never called from inside a call to the port. */
export interface ModemObserver {
  /** The modem's SIM and bearers are read. */
  modemAdded(modem: Modem): void;
  modemChanged(modem: Modem, before: Modem): void;
  modemRemoved(modem: Modem, because: string): void;
}

/** Modems that a machine has, and orders to them. Orders reject with {@link ModemError}. */
export interface Modems {
  readonly all: readonly Modem[];
  /** Nothing is listened to before the first observer, which hears of the present modems, too. */
  observe(observer: ModemObserver): Cancel;
  /** Switches its radio on, with registration, or off. A locked one cannot be. */
  enable(id: string, isEnabled: boolean): Promise<void>;
  /** Registers where it has to, and connects. Takes the place of a connection that it has. */
  connect(id: string, connection: ModemConnection): Promise<Bearer>;
  /** Ends every connection of it. Never rejects. */
  disconnect(id: string): Promise<void>;
  /** Unlocks its SIM. A wrong PIN costs a retry. */
  sendPin(id: string, pin: string): Promise<void>;
  close(): void;
}

/** Registered somewhere that carries packets. */
export const isRegistered = ({ registration }: Modem): boolean => registration === "home" || registration === "roaming";
