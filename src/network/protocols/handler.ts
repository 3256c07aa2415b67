/**
 * A protocol handler turns "the link is up" into settings. Handlers return settings and never install them.
 * Names and duties follow netifd's handlers (external ones are scripts).
 */
import type { Clock } from "../../base/clock.ts";
import type { Log } from "../../base/log.ts";
import type { IpSettings } from "../ip-settings.ts";

/** The link a session works on, as it is at this moment. */
export interface ProtocolLink {
  readonly index: number;
  readonly name: string;
  /** Colon form. */
  readonly mac: string;
  readonly mtu: number;
}

export interface ProtocolHandler<Config> {
  /** "static", "dhcp4", "ppp" */
  readonly name: string;
  /** The awaited thing of a setup, for people: "lease". */
  readonly awaits?: string;
  /** Only listens: when the time limit is over the setup goes on, for news that come later. */
  readonly isPassive?: true;
  attach(link: ProtocolLink, config: Config, host: ProtocolHost): ProtocolSession;
  /**
   * Gets a session ready that asks at {@link Standby.begin}, before an owner attaches; `attach` for the same link and
   * the same configuration then hands it over. Undefined: with this configuration there is nothing to be ready for.
   */
  standBy?(link: ProtocolLink, config: Config, ports: StandbyPorts): Standby | undefined;
}

export interface StandbyPorts {
  readonly clock: Clock;
  readonly log: Log;
}

/** A session that waits for the carrier of its link. */
export interface Standby {
  /** Whether a session for these would be the same. */
  isFor(link: ProtocolLink, config: unknown): boolean;
  /** The carrier is there: the first question leaves in here. False: it has begun before, or is over. */
  begin(): boolean;
  /** Nothing is asked any more, unless an owner has attached. Twice is fine. */
  end(): void;
}

export interface TeardownOptions {
  /** Kill children, say no farewells, finish at once. */
  readonly force: boolean;
  /** The session's settings stay in the kernel: the daemon is about to be started again, or the carrier to return. */
  readonly leaveConfigured?: boolean;
}

export interface ProtocolSession {
  /** Resolves when up; rejects with DaemonError. Stops as soon as `abort` fires. */
  setup(abort: AbortSignal): Promise<IpSettings>;
  /** Never rejects. */
  teardown(how: TeardownOptions): Promise<void>;
  /** Asks the other side to confirm the settings; results arrive through the host. */
  renew?(): void;
  /** State of the session for the debug dump. */
  inspect?(): Readonly<Record<string, unknown>>;
}

/** A step on the way to settings that a person may follow. */
export interface ProtocolStep {
  /** `refused`: the remembered settings of this network do not hold. */
  readonly kind: "asking" | "refused" | "note";
  readonly text: string;
}

/** Calls of a session to its owner while it is up. */
export interface ProtocolHost {
  readonly clock: Clock;
  readonly log: Log;
  settingsChanged(settings: IpSettings): void;
  /**
   * Settings that a setup is about to resolve with: told inside the call that brought the answer, for work that must
   * not wait. Also inside the call of setup.
   */
  granted?(settings: IpSettings): void;
  /** Also during the setup. */
  step?(step: ProtocolStep): void;
  /** Another host has the address that was to be used, or is in use; told before {@link lost}. */
  conflict?(address: string, otherMac: string): void;
  /** The settings are no longer valid; the owner decides whether to set up again. */
  lost(reason: string): void;
}
