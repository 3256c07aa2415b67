/**
 * A kernel in memory behind the rtnl port. It keeps state, acts by itself as the real one does (carrier of pairs and
 * bridges, connected routes, objects that go with a link), and refuses with the same errors; the contract tests hold it
 * to that. Requests of other programs and people are the methods of {@link FakeKernel.world outside}.
 */
import type { Cancel } from "../../src/base/clock.ts";
import { familyOf } from "../../src/base/ip-address.ts";
import { silentLog } from "../../src/base/log.ts";
import { KernelState, Refusal } from "../../src/rehearsal/kernel/kernel-state.ts";
import { removeLink } from "../../src/rehearsal/kernel/link-requests.ts";
import type { StageLinkOptions } from "../../src/rehearsal/kernel/links.ts";
import { applyRequest, boot, kernelError, plugIn } from "../../src/rehearsal/kernel/stage-kernel.ts";
import { DeltaFeed } from "../../src/rtnl/delta-feed.ts";
import { errnoOf } from "../../src/rtnl/kernel-error.ts";
import type {
  Delta,
  DeltaReason,
  Family,
  KernelError,
  KernelRequest,
  Link,
  Neighbour,
  Qdisc,
  Route,
  Rtnl,
  RtnlCounters,
  Snapshot,
} from "../../src/rtnl/rtnl.ts";
import { World } from "../../src/rtnl/snapshot.ts";
import type { Advertisement } from "../harness/router-advertisement.ts";
import { FakeQdiscs } from "./fake-kernel-qdiscs.ts";
import { hearRouter } from "./fake-kernel-routers.ts";
import { renderSnapshot } from "./render-rtnl.ts";

const nothingYet: Snapshot = new World();

export class FakeKernel implements Rtnl {
  readonly #state = new KernelState();
  readonly qdiscsByLink = new FakeQdiscs(this.#state);
  readonly #feed = new DeltaFeed(silentLog);
  readonly #neighbours: Neighbour[] = [];
  /** MAC addresses of hosts that answer when one is asked for, by address. */
  readonly answering = new Map<string, string>();
  readonly #refusals: { readonly op: KernelRequest["op"]; readonly code: string; readonly detail?: string }[] = [];
  /** By gateway, the rest of a router's time at the moment of asking. */
  readonly #freshExpiries = new Map<string, number>();
  #isStarted = false;
  #isClosed = false;
  #requests = 0;
  #overruns = 0;
  /** Every request made through the port, in order, refused ones included. */
  readonly requested: KernelRequest[] = [];

  constructor() {
    boot(this.#state);
  }

  get snapshot(): Snapshot {
    return this.#isStarted ? this.#state.world : nothingYet;
  }
  get counters(): RtnlCounters {
    return { overruns: this.#overruns, deltas: this.#feed.told, requests: this.#requests, malformed: 0, spoofed: 0 };
  }
  async start(): Promise<void> {
    if (this.#isStarted) return;
    this.#isStarted = true;
    this.#feed.tell("resync", this.#state.everythingAdded());
  }
  /** The daemon is another one now: its listeners start with nothing and are told of everything by `start`. */
  restart(): void {
    this.#isStarted = false;
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
  async neighbours(link: number): Promise<readonly Neighbour[]> {
    return this.#neighbours.filter((neighbour) => neighbour.link === link);
  }
  async freshRoutes(family: Family, table: number): Promise<readonly Route[]> {
    const routes = this.#state.world.routes({ table }).filter((route) => route.family === family);
    return routes.map((route) => {
      const expirySeconds = this.#freshExpiries.get(route.gateway ?? "");
      return route.expirySeconds === undefined || expirySeconds === undefined ? route : { ...route, expirySeconds };
    });
  }
  async qdiscs(): Promise<readonly Qdisc[]> {
    return this.qdiscsByLink.all();
  }
  close(): void {
    this.#isClosed = true;
    this.#feed.close();
  }

  /** A network card appears; unplugged and down unless said otherwise. */
  addHardware(options: StageLinkOptions): Link {
    if (this.#state.byName(options.name)) throw new Error(`the fake kernel has a link ${options.name} already`);
    const index = plugIn(this.#state, options);
    this.#tellAs("event");
    return this.#state.seen(index);
  }
  /** The card is pulled out; also a link that moves to another namespace looks so. */
  removeHardware(name: string): void {
    const index = this.#index(name);
    this.qdiscsByLink.linkGone(index);
    removeLink(this.#state, index);
    this.#tellAs("event");
  }
  setCarrier(name: string, isPlugged: boolean): void {
    this.#state.link(this.#index(name)).isPlugged = isPlugged;
    this.#tellAs("event");
  }
  plug(name: string): void {
    this.setCarrier(name, true);
  }
  unplug(name: string): void {
    this.setCarrier(name, false);
  }
  /** Another program makes the request; throws that program's error. */
  outside(request: KernelRequest): void {
    this.#apply(request);
    this.#tellAs("event");
  }
  /** A router at the other end of the cable speaks. */
  hearRouter(name: string, ad: Advertisement): void {
    hearRouter(this.#state, this.#freshExpiries, this.#index(name), ad);
    this.#tellAs("event");
  }
  /** So much is left of the router's lifetime; no news is sent, as time passes by. */
  setRouterExpiry(router: string, seconds: number): void {
    this.#freshExpiries.set(router, seconds);
  }
  /** An entry of the neighbour table. */
  setNeighbour(neighbour: Neighbour): void {
    this.#state.link(neighbour.link);
    const at = this.#neighbours.findIndex(
      (other) => other.link === neighbour.link && other.address === neighbour.address,
    );
    if (at >= 0) this.#neighbours.splice(at, 1);
    this.#neighbours.push(neighbour);
    if (this.#isStarted) this.#feed.tell("event", [{ kind: "neighbour-changed", neighbour, isRemoved: false }]);
  }
  /** News of `work` are lost at first and then found by a resync. */
  overrun(work: (outside: (request: KernelRequest) => void) => void): void {
    work((request) => this.#apply(request));
    this.#overruns++;
    this.#tellAs("resync");
  }
  /** The next request of this kind is refused; several calls line up. */
  refuseNext(op: KernelRequest["op"], code: string, detail?: string): void {
    errnoOf(code);
    this.#refusals.push({ op, code, ...(detail !== undefined && { detail }) });
  }
  /** The whole state in the words of `ip`, sorted; equal states give equal text. */
  toText(): string {
    return renderSnapshot(this.#state.world);
  }

  #index(name: string): number {
    const link = this.#state.byName(name);
    if (!link) throw new Error(`the fake kernel has no link ${name}`);
    return link.index;
  }
  #try(request: KernelRequest): KernelError | undefined {
    this.#requests++;
    this.requested.push(request);
    try {
      if (this.#isClosed) throw new Refusal("EBADF");
      this.#refuseIfAsked(request);
      this.#apply(request);
      return undefined;
    } catch (error) {
      return kernelError(request, error);
    } finally {
      this.#tellAs("own-request");
    }
  }
  #refuseIfAsked(request: KernelRequest): void {
    const at = this.#refusals.findIndex((refusal) => refusal.op === request.op);
    const [refusal] = at < 0 ? [] : this.#refusals.splice(at, 1);
    if (refusal) throw new Refusal(refusal.code, refusal.detail);
  }
  #apply(request: KernelRequest): void {
    if (request.op === "resolve-neighbour") this.#resolve(request);
    else applyAny(this.#state, this.qdiscsByLink, request);
  }
  #resolve({ link, family, neighbour: address }: Extract<KernelRequest, { op: "resolve-neighbour" }>): void {
    this.#state.link(link);
    if (familyOf(address) !== family) throw new Refusal("EINVAL");
    const mac = this.answering.get(address);
    this.setNeighbour({ link, family, address, ...(mac === undefined ? { state: 0x01 } : { mac, state: 0x02 }) });
  }
  #tellAs(reason: DeltaReason): void {
    this.#state.describeLinks();
    const changes = this.#state.takeChanges();
    if (!this.#isStarted) return;
    if (reason === "event") this.#feed.tellCarriersOf(changes);
    this.#feed.tell(reason, changes);
  }
}

type QdiscAppliers = {
  readonly [Op in KernelRequest["op"]]?: (qdiscs: FakeQdiscs, request: Extract<KernelRequest, { op: Op }>) => void;
};
const qdiscAppliers: QdiscAppliers = {
  "put-shaper": (qdiscs, { link, handle, limit }) => qdiscs.putShaper(link, handle, limit),
  "delete-shaper": (qdiscs, { link, handle }) => qdiscs.deleteShaper(link, handle),
  "add-ingress": (qdiscs, { link, block }) => qdiscs.addIngress(link, block),
  "delete-ingress": (qdiscs, { link }) => qdiscs.deleteIngress(link),
  "add-policer": (qdiscs, { block, limit }) => qdiscs.addPolicer(block, limit),
};

function applyAny(state: KernelState, qdiscs: FakeQdiscs, request: KernelRequest): void {
  const apply = qdiscAppliers[request.op] as ((qdiscs: FakeQdiscs, request: KernelRequest) => void) | undefined;
  if (apply) apply(qdiscs, request);
  else applyRequest(state, request);
}
