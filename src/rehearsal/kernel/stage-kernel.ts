import type { Cancel } from "../../base/clock.ts";
import { silentLog } from "../../base/log.ts";
import { DeltaFeed } from "../../rtnl/delta-feed.ts";
import { describeRequest } from "../../rtnl/kernel-error.ts";
import {
  type Delta,
  KernelError,
  type KernelRequest,
  type Link,
  type Rtnl,
  type RtnlCounters,
  type Rule,
  type Snapshot,
} from "../../rtnl/rtnl.ts";
import { World } from "../../rtnl/snapshot.ts";
import { deleteAddress, putAddress } from "./addresses.ts";
import { KernelState, Refusal } from "./kernel-state.ts";
import { addLink, changeLink, deleteLink } from "./link-requests.ts";
import { makeStageLink, type StageLinkOptions } from "./links.ts";
import { addRule, deleteRoute, deleteRule, putRoute } from "./routes.ts";

const nothingYet: Snapshot = new World();

/**
 * A kernel in memory behind the rtnl port: links, addresses, routes and rules. The contract tests hold it to the real
 * one. It has no queueing disciplines (EOPNOTSUPP), no neighbours, and no other program changes it.
 */
export class StageKernel implements Rtnl {
  readonly #state = new KernelState();
  readonly #feed = new DeltaFeed(silentLog);
  #requests = 0;
  #isStarted = false;
  #isClosed = false;

  constructor() {
    boot(this.#state);
  }

  get snapshot(): Snapshot {
    return this.#isStarted ? this.#state.world : nothingYet;
  }
  get counters(): RtnlCounters {
    return { overruns: 0, deltas: this.#feed.told, requests: this.#requests, malformed: 0, spoofed: 0 };
  }
  async start(): Promise<void> {
    if (this.#isStarted) return;
    this.#isStarted = true;
    this.#feed.tell("resync", this.#state.everythingAdded());
  }
  onDelta(listener: (delta: Delta) => void): Cancel {
    return this.#feed.on(listener);
  }
  onCarrier(listener: (link: number) => void): Cancel {
    return this.#feed.onCarrier(listener);
  }
  async request(request: KernelRequest): Promise<void> {
    const error = this.#try(request);
    if (error) throw error;
  }
  async batch(requests: readonly KernelRequest[]): Promise<readonly (KernelError | undefined)[]> {
    return requests.map((request) => this.#try(request));
  }
  async neighbours(): Promise<readonly []> {
    return [];
  }
  async freshRoutes(): Promise<readonly []> {
    return [];
  }
  async qdiscs(): Promise<readonly []> {
    return [];
  }
  close(): void {
    this.#isClosed = true;
    this.#feed.close();
  }

  /** A network card appears, unplugged and down. */
  addHardware(options: StageLinkOptions): Link {
    const link = plugIn(this.#state, options);
    this.#tell("event");
    return this.#state.seen(link);
  }
  setCarrier(link: number, isPlugged: boolean): void {
    this.#state.link(link).isPlugged = isPlugged;
    this.#tell("event");
  }

  #try(request: KernelRequest): KernelError | undefined {
    this.#requests++;
    try {
      if (this.#isClosed) throw new Refusal("EBADF");
      applyRequest(this.#state, request);
      return undefined;
    } catch (error) {
      return kernelError(request, error);
    } finally {
      this.#tell("own-request");
    }
  }
  #tell(reason: "own-request" | "event"): void {
    this.#state.describeLinks();
    const changes = this.#state.takeChanges();
    if (!this.#isStarted) return;
    if (reason === "event") this.#feed.tellCarriersOf(changes);
    this.#feed.tell(reason, changes);
  }
}

type Appliers = {
  readonly [Op in KernelRequest["op"]]?: (state: KernelState, request: Extract<KernelRequest, { op: Op }>) => void;
};
const appliers: Appliers = {
  "set-link": (state, { link, change }) => changeLink(state, link, change),
  "add-link": (state, { link }) => addLink(state, link),
  "delete-link": (state, { link }) => deleteLink(state, link),
  "put-address": (state, { address }) => putAddress(state, address),
  "delete-address": (state, { address }) => deleteAddress(state, address),
  "put-route": (state, { route }) => putRoute(state, route),
  "delete-route": (state, { route }) => deleteRoute(state, route),
  "add-rule": (state, { rule }) => addRule(state, rule),
  "delete-rule": (state, { rule }) => deleteRule(state, rule),
};

/** Changes the state, without telling. Throws Refusal, and RangeError for text that is no address. */
export function applyRequest(state: KernelState, request: KernelRequest): void {
  const apply = appliers[request.op] as ((state: KernelState, request: KernelRequest) => void) | undefined;
  if (!apply) throw new Refusal("EOPNOTSUPP");
  apply(state, request);
}

/** The answer to a refused request. Throws errors that are no refusal on. */
export function kernelError(request: KernelRequest, error: unknown): KernelError {
  // Text that is no address, as the real port's encoder refuses it.
  const refusal = error instanceof RangeError ? new Refusal("EINVAL", error.message) : error;
  if (!(refusal instanceof Refusal)) throw refusal;
  return new KernelError(describeRequest(request), refusal.code, refusal.errno, refusal.detail);
}

/** A card appears. Returns its index; Refusal EEXIST where the number is taken. */
export function plugIn(state: KernelState, options: StageLinkOptions): number {
  const index = state.nextIndex(options.index);
  const isPlugged = options.hardwareType === loopbackType;
  state.links.set(index, makeStageLink(index, { isPlugged, ...options }));
  return index;
}

/** ARPHRD_LOOPBACK */
const loopbackType = 772;
const protocolKernel = 2;
const initialRule = (family: 4 | 6, priority: number, table: number): Rule => ({
  family,
  priority,
  action: "lookup",
  table,
  protocol: protocolKernel,
});
const initialRules: readonly Rule[] = [
  initialRule(4, 0, 255),
  initialRule(4, 32766, 254),
  initialRule(4, 32767, 253),
  initialRule(6, 0, 255),
  initialRule(6, 32766, 254),
];

/**
 * A network namespace as it begins: the loopback link with its addresses, and the kernel's own rules. No listener hears
 * of it.
 */
export function boot(state: KernelState): void {
  plugIn(state, {
    name: "lo",
    mac: "00:00:00:00:00:00",
    mtu: 65536,
    hardwareType: loopbackType,
    isUp: true,
    maxMtu: 0,
  });
  state.describeLinks();
  putAddress(state, { link: 1, family: 4, address: "127.0.0.1", prefixLength: 8, scope: 254 });
  putAddress(state, { link: 1, family: 6, address: "::1", prefixLength: 128, protocol: 1 });
  for (const rule of initialRules) addRule(state, rule);
  state.takeChanges();
}
