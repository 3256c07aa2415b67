import type { Clock } from "../base/clock.ts";
import { DaemonError } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import { Attempts, timeSince1601 } from "./attempts.ts";
import type { PolicyRefusal } from "./auto-connect.ts";
import {
  type ConnectInput,
  type ConnectState,
  isActive,
  isConnected,
  isConnecting,
  nextConnectState,
} from "./connect-states.ts";
import type { DisconnectReason } from "./service-device.ts";

/** The Service, as far as its connection needs it. */
export interface ConnectionOwner {
  readonly logName: string;
  /** For people, in errors. */
  readonly label: string;
  /** For log lines. */
  readonly logLabel: string;
  readonly host: { readonly clock: Clock; readonly log: Log; isExpectingDisconnects(): boolean };
  readonly isConnectable: boolean;
  /** The missing part that makes it not connectable; empty: nothing, or it has no name. */
  readonly lacking: string;
  readonly policyRefusal: PolicyRefusal | undefined;
  readonly properties: { touch(name: string): void; touchGroup(name: string): void };
  /** Brings the connection up; the way goes on through {@link ServiceConnection.advance}. Throws DaemonError. */
  startConnect(): void;
  /** Takes it down; ends in `advance("disconnected")`. */
  startDisconnect(reason: DisconnectReason): void;
  /** The lost connection is not wanted back. */
  giveUp(): void;
  requestSort(because: string): void;
  /** Connected, and was not before; the state is not told yet. */
  becameConnected(): void;
  /** Called after the state and its properties are in place, before clients hear of them. */
  stateChanged(before: ConnectState, because: string): void;
  /** Called after the properties of the state were told. The owner may be in yet another state by now. */
  stateTold(before: ConnectState): void;
  /** The same after a failure; the arguments are those of {@link ServiceConnection.fail}. */
  failureTold(error: string, details: string): void;
}

/** After a refused passphrase an attempt of ours would overtake the user's second try. */
const badPassphrasePeaceMs = 1_000;

/**
 * The connection of one Service: its state from the table in connect-states.ts with the reason, its way up and down,
 * and its errors and times as clients are told them.
 */
export class ServiceConnection {
  #state: ConnectState = "idle";
  /** Why it is in this state. */
  reason = "new";
  error = "no-failure";
  errorDetails = "";
  previousError = "";
  previousErrorSerial = 0;
  readonly attempts: Attempts;
  /** A client took it down: no auto-connect until a client asks, or after sleep and logins. */
  isExplicitlyDisconnected = false;
  // Milliseconds since 1601-01-01 UTC; 0: never.
  lastConnected = 0n;
  lastManualConnectAttempt = 0n;
  lastOnline = 0n;
  startTime = 0n;
  #connectWhenIdle = false;
  #isEnding = false;

  constructor(private readonly owner: ConnectionOwner) {
    this.attempts = new Attempts(owner.host.clock);
  }

  get state(): ConnectState {
    return this.#state;
  }
  get hadBadPassphraseJustNow(): boolean {
    return this.previousError === "bad-passphrase" && this.attempts.hasFailedWithin(badPassphrasePeaceMs);
  }

  /**
   * A person asks. Returns before the connection is up. Throws Failure, AlreadyConnected, InProgress, or the
   * technology's error. While going down it succeeds and connects once idle is reached. The attempt counts as one
   * however it ends.
   */
  connect(because: string): void {
    this.#noteAttempt("LastManualConnectAttempt");
    if (!this.owner.isConnectable) {
      this.#noteAttempt("StartTime");
      const because = this.owner.lacking === "" ? "" : `: ${this.owner.lacking}`;
      throw new DaemonError("Failure", `${this.owner.label} is not connectable${because}`);
    }
    if (isConnected(this.#state)) throw new DaemonError("AlreadyConnected");
    if (isConnecting(this.#state)) throw new DaemonError("InProgress");
    const held = this.owner.policyRefusal;
    if (held !== undefined) throw new DaemonError("WrongState", `${this.owner.label} is held back by ${held}`);
    this.isExplicitlyDisconnected = false;
    if (this.#state === "disconnecting") this.#connectWhenIdle = true;
    else this.#connectNow(because);
  }

  /** The Manager connects without being asked. The caller has looked at the Service's `autoConnectRefusal`. */
  autoConnectNow(): void {
    const wait = this.attempts.begin();
    if (wait > 0) {
      this.owner.host.clock.startTimer(`auto-connect-cooldown ${this.owner.logName}`, wait, () =>
        this.owner.requestSort("auto-connect cooldown is over"),
      );
    }
    this.#connectNow("auto-connect");
  }

  /** The Manager connects it although the cooldown is not over, or a worse Service is connected. */
  connectAsBest(): void {
    if (isActive(this.#state) || this.#state === "disconnecting" || this.owner.policyRefusal) return;
    this.#connectNow("the best Service of its technology");
  }
  #noteAttempt(name: "LastManualConnectAttempt" | "StartTime"): void {
    const now = timeSince1601(this.owner.host.clock.wallTime());
    if (name === "StartTime") this.startTime = now;
    else this.lastManualConnectAttempt = now;
    this.owner.properties.touch(name);
  }
  #connectNow(because: string): void {
    // Clients measure the time without a connection from here: the first attempt stands in for a manual one.
    if (this.lastManualConnectAttempt === 0n) this.#noteAttempt("LastManualConnectAttempt");
    if (this.#state === "failure") this.advance("disconnected", "a new attempt leaves the failure");
    this.owner.host.log.info(`${this.owner.logLabel}: connecting (${because})`);
    this.owner.startConnect();
  }

  /**
   * A person (or a policy) takes it down. Throws NotConnected where nothing is up or coming up; a person means it all
   * the same, and no auto-connect follows until a client asks.
   */
  disconnect(reason: DisconnectReason): void {
    if (reason === "D-Bus RPC") {
      this.isExplicitlyDisconnected = true;
      this.#connectWhenIdle = false;
    }
    if (!isActive(this.#state)) {
      this.owner.giveUp();
      throw new DaemonError("NotConnected");
    }
    this.#connectWhenIdle = false;
    this.advance("disconnect", reason);
    this.#end(reason);
  }

  /** The policy in force prefers another; it connects by itself again when that is over. */
  yieldTo(reason: PolicyRefusal): void {
    if (isActive(this.#state)) this.disconnect(reason);
  }

  /** Ends a connection or an attempt whose carrier or Device is gone; no failure, not explicit. Idle: nothing. */
  drop(reason: DisconnectReason): void {
    // The Device drops its Service while the Service leaves its Device: the first caller's reason counts.
    if (this.#isEnding || this.#state === "idle" || this.#state === "failure") return;
    this.#end(reason);
    this.advance("disconnected", reason);
  }
  #end(reason: DisconnectReason): void {
    this.#isEnding = true;
    try {
      this.owner.startDisconnect(reason);
    } finally {
      this.#isEnding = false;
    }
  }
  /** Connected no more, but layer 3 goes on trying. */
  networkLost(because: string): void {
    if (!isConnected(this.#state)) return;
    this.#noteLoss();
    this.advance("configure", because);
  }

  /** Records why it failed. Words of shill's doc/service-api.txt. */
  fail(error: string, details: string): void {
    this.#noteLoss();
    this.error = error;
    this.errorDetails = details;
    this.previousError = error;
    this.previousErrorSerial++;
    const because = details === "" ? error : `${error}: ${details}`;
    this.attempts.failed(because);
    this.advance("fail", because);
    this.owner.failureTold(error, details);
  }

  #noteLoss(): void {
    if (!this.isExplicitlyDisconnected && !this.owner.host.isExpectingDisconnects()) this.attempts.lost(this.#state);
  }

  /** The one way to another state. Inputs that the table does not know here are ignored on purpose. */
  advance(input: ConnectInput, because: string): void {
    const before = this.#state;
    const next = nextConnectState(before, input);
    if (next === undefined) return;
    this.#state = next;
    this.reason = because;
    this.owner.host.log.info(`${this.owner.logLabel}: ${before} -> ${next} (${input}: ${because})`);
    this.#settle(before, next);
    this.owner.stateChanged(before, because);
    // Clients rely on this order: Error and times, then IsConnected, then State.
    this.owner.properties.touchGroup("state");
    this.owner.requestSort("a state changed");
    if (this.#connectWhenIdle && (next === "idle" || next === "failure")) {
      this.#connectWhenIdle = false;
      this.#connectNow("asked for while disconnecting");
    }
    this.owner.stateTold(before);
  }

  #settle(before: ConnectState, next: ConnectState): void {
    if (next !== "failure") {
      this.error = "no-failure";
      this.errorDetails = "";
    }
    const wall = this.owner.host.clock.wallTime();
    if (isConnected(next) && !isConnected(before)) {
      this.lastConnected = timeSince1601(wall);
      this.attempts.connected();
      this.owner.becameConnected();
    }
    if (next === "online") this.lastOnline = timeSince1601(wall);
    if (isConnecting(next) && !isConnecting(before)) this.startTime = timeSince1601(wall);
  }
}
