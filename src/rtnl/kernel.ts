/**
 * The real kernel behind the rtnl port: one socket that hears of events, one that asks. All reading of tables is done
 * in one call without a turn of the event loop in between (the kernel answers at once), so that events can be laid over
 * the tables read without gap or overlap; while a reading takes longer, events wait in the kernel's queue.
 */
import type { Cancel, Clock } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import { type NativeAddon, nativeAddon, type SystemError } from "../native/native.ts";
import { linkWithCarrier } from "./carrier-message.ts";
import { differences } from "./delta.ts";
import { DeltaFeed } from "./delta-feed.ts";
import { type Doubt, EventApplier } from "./event-applier.ts";
import { EventChannel } from "./event-channel.ts";
import { errnoName, errnoOf, kernelError } from "./kernel-error.ts";
import { decodeNeighbour, encodeNeighbourDump } from "./neighbour-messages.ts";
import { groups, openEventSocket, openRequestSocket } from "./netlink-socket.ts";
import { decodeQdisc, encodeQdiscDump } from "./qdisc-messages.ts";
import { type DumpOutcome, type DumpReader, RequestChannel } from "./request-channel.ts";
import { encodeRequest, refusal } from "./request-messages.ts";
import type { RouteReport } from "./route-table.ts";
import type {
  Change,
  Delta,
  DeltaReason,
  Family,
  KernelError,
  KernelRequest,
  Neighbour,
  Qdisc,
  Route,
  Rtnl,
  RtnlCounters,
  Snapshot,
} from "./rtnl.ts";
import { World } from "./snapshot.ts";
import { readLink, readRoutes, readWorld } from "./table-reader.ts";
import { eachMessage, NetlinkFormatError } from "./wire.ts";

/** Until the next attempt after a reading that failed, or that the kernel called incomplete. */
const readAgainMs = 250;
/** From here on reading everything costs less. */
const mostDoubts = 32;

type Settled = (changes: readonly Change[], outcome: DumpOutcome) => void;

export interface KernelRtnlOptions {
  readonly clock: Clock;
  readonly log: Log;
  /** Listeners hear `neighbour-changed`; a busy router has many of those. */
  readonly watchNeighbours?: boolean;
  readonly native?: NativeAddon;
}

export class KernelRtnl implements Rtnl {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #native: NativeAddon;
  readonly #watchNeighbours: boolean;
  readonly #world = new World();
  readonly #applier = new EventApplier(this.#world);
  readonly #feed: DeltaFeed;
  readonly #counts = { overruns: 0, requests: 0, malformed: 0, spoofed: 0 };
  #channel: RequestChannel | undefined;
  #events: EventChannel | undefined;
  #isClosed = false;
  /** Reason told with the deltas of the present drain. */
  #reason: DeltaReason = "event";
  #isReading = false;
  #mustReadAgain = false;
  #onWhole: (() => void)[] = [];
  #cancelReadAgain: Cancel = () => {};

  constructor({ clock, log, watchNeighbours = false, native = nativeAddon() }: KernelRtnlOptions) {
    this.#clock = clock;
    this.#log = log;
    this.#native = native;
    this.#watchNeighbours = watchNeighbours;
    this.#feed = new DeltaFeed(log);
  }

  get snapshot(): Snapshot {
    return this.#world;
  }
  get counters(): RtnlCounters {
    return { ...this.#counts, deltas: this.#feed.told };
  }
  onDelta(listener: (delta: Delta) => void): Cancel {
    return this.#feed.on(listener);
  }

  onCarrier(listener: (link: number) => void): Cancel {
    return this.#feed.onCarrier(listener);
  }

  /** Rejects with {@link KernelError} when the sockets cannot be had; nothing is left open then. Once only. */
  async start(): Promise<void> {
    if (this.#channel || this.#isClosed) throw kernelError("start", errnoOf("EBUSY"), "started before");
    this.#open();
    const outcome = await new Promise<DumpOutcome>((resolve) => this.#readEverything(resolve));
    if (outcome.errno !== 0) {
      this.close();
      throw kernelError("start", outcome.errno, outcome.detail);
    }
  }

  async request(request: KernelRequest): Promise<void> {
    const [error] = await this.batch([request]);
    if (error) throw error;
  }

  async batch(requests: readonly KernelRequest[]): Promise<readonly (KernelError | undefined)[]> {
    this.#counts.requests += requests.length;
    const encoded = requests.map(encodeRequest);
    const messages = encoded.filter((message) => Buffer.isBuffer(message));
    // Earlier news are not told as our own doing.
    this.#events?.drain();
    const answers = this.#channel ? await this.#channel.acknowledge(messages) : [];
    await this.#whole();
    this.#drainAs("own-request");
    await this.#whole();
    let answered = 0;
    return encoded.map((message, index) => {
      if (!Buffer.isBuffer(message)) return message;
      const answer = answers[answered++] ?? { errno: errnoOf("EBADF") };
      return refusal(requests[index] as KernelRequest, answer, message);
    });
  }

  async neighbours(link: number): Promise<readonly Neighbour[]> {
    const found: Neighbour[] = [];
    await this.#dump(`neighbours of link ${link}`, encodeNeighbourDump(link), ({ from, end }, data) => {
      const neighbour = decodeNeighbour(data, from, end);
      // A kernel without strict checking sends those of all links.
      if (neighbour?.link === link) found.push(neighbour);
    });
    return found;
  }

  async freshRoutes(family: Family, table: number): Promise<readonly Route[]> {
    const { reports, outcome } = await new Promise<{ reports: readonly RouteReport[]; outcome: DumpOutcome }>(
      (resolve) => {
        const done = (reports: readonly RouteReport[], outcome: DumpOutcome) => resolve({ reports, outcome });
        if (this.#channel) readRoutes(this.#channel, { family, table }, done);
        else done([], canceled);
      },
    );
    if (outcome.errno !== 0) throw kernelError(`routes of table ${table}`, outcome.errno, outcome.detail);
    return reports.map(({ route }) => route);
  }
  async qdiscs(): Promise<readonly Qdisc[]> {
    const found: Qdisc[] = [];
    await this.#dump("qdiscs", encodeQdiscDump(), ({ from, end }, data) => found.push(decodeQdisc(data, from, end)));
    return found;
  }
  async #dump(what: string, request: Buffer, read: DumpReader): Promise<void> {
    const outcome = await new Promise<DumpOutcome>((resolve) => {
      if (this.#channel) this.#channel.dump(request, read, resolve);
      else resolve(canceled);
    });
    if (outcome.errno !== 0) throw kernelError(what, outcome.errno, outcome.detail);
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#cancelReadAgain();
    this.#events?.close();
    this.#channel?.close();
    this.#feed.close();
    this.#endReading();
  }

  #open(): void {
    try {
      const { neighbour, ...always } = groups;
      const subscriptions: number[] = Object.values(always);
      if (this.#watchNeighbours) subscriptions.push(neighbour);
      // Subscribed before anything is read: changes during the reading are in the queue.
      this.#events = new EventChannel(openEventSocket(subscriptions, this.#native), this.#eventHost(), this.#counts);
      this.#channel = new RequestChannel(openRequestSocket(this.#native), this.#clock, this.#counts);
    } catch (error) {
      this.close();
      throw kernelError("start", (error as SystemError).errno ?? errnoOf("EIO"), (error as Error).message);
    }
  }
  #eventHost() {
    return {
      onFirst: (datagram: Buffer) => {
        const link = linkWithCarrier(datagram);
        if (link !== undefined && this.#world.links.get(link)?.hasCarrier === false) this.#feed.tellCarrier(link);
      },
      onBurst: (datagrams: readonly Buffer[]) => this.#onBurst(datagrams),
      onOverrun: () => this.#onOverrun(),
      onFailure: (error: SystemError) => {
        this.#log.error(`kernel events: ${error.message}`);
        this.#readAgainLater();
      },
    };
  }

  #onBurst(datagrams: readonly Buffer[]): void {
    const changes: Change[] = [];
    for (const data of datagrams) this.#applyDatagram(data, changes);
    const reason = this.#reason;
    this.#feed.tell(reason, changes);
    this.#settleDoubts(reason);
  }
  #applyDatagram(data: Buffer, changes: Change[]): void {
    try {
      eachMessage(data, (header) => changes.push(...this.#applier.apply(header, data)));
    } catch (error) {
      if (!(error instanceof NetlinkFormatError)) throw error;
      this.#counts.malformed++;
      this.#log.warn(() => `a message of the kernel cannot be read: ${error.message}`);
    }
  }
  #drainAs(reason: DeltaReason): void {
    const before = this.#reason;
    this.#reason = reason;
    try {
      this.#events?.drain();
    } finally {
      this.#reason = before;
    }
  }

  #onOverrun(): void {
    this.#counts.overruns++;
    this.#log.info("the kernel's events came faster than they were read; everything is read anew");
    this.#readEverything(() => {});
  }
  /** `done` hears how it went; the snapshot is replaced only by a whole reading. */
  #readEverything(done: (outcome: DumpOutcome) => void): void {
    if (!this.#channel || this.#isClosed || this.#isReading) {
      this.#mustReadAgain = this.#isReading;
      done(canceled);
      return;
    }
    this.#beginReading();
    // All of them are older than the tables read now.
    this.#events?.discard();
    readWorld(this.#channel, (world, outcome) => {
      if (outcome.errno === 0) this.#becomeWorld(world);
      else this.#log.warn(`the kernel's tables cannot be read: ${errnoName(outcome.errno)}`);
      this.#readAgainUnless(outcome);
      this.#endReading();
      done(outcome);
    });
  }
  #becomeWorld(after: World): void {
    const changes = differences(this.#world, after);
    this.#world.become(after);
    this.#applier.forgetDoubts();
    this.#feed.tell("resync", changes);
  }
  #readAgainUnless({ errno, wasInterrupted }: DumpOutcome): void {
    if (errno !== 0 || wasInterrupted) this.#readAgainLater();
  }
  #readAgainLater(): void {
    this.#cancelReadAgain();
    if (this.#isClosed) return;
    this.#cancelReadAgain = this.#clock.startTimer("rtnl-read-again", readAgainMs, () =>
      this.#readEverything(() => {}),
    );
  }

  /** Reads the objects again that the last burst left in doubt. */
  #settleDoubts(reason: DeltaReason): void {
    if (this.#isReading) return;
    const doubts = this.#applier.takeDoubts();
    if (doubts.length === 0) return;
    if (doubts.length > mostDoubts) {
      this.#readEverything(() => {});
      return;
    }
    this.#beginReading();
    this.#settleEach(doubts, reason);
  }
  #settleEach([doubt, ...others]: readonly Doubt[], reason: DeltaReason): void {
    if (!doubt || !this.#channel) {
      this.#endReading();
      return;
    }
    const settled = (changes: readonly Change[], outcome: DumpOutcome): void => {
      this.#feed.tell(reason, changes);
      this.#readAgainUnless(outcome);
      this.#settleEach(others, reason);
    };
    if (doubt.kind === "link") this.#settleLink(this.#channel, doubt.index, settled);
    else this.#settleRoutes(this.#channel, doubt, settled);
  }
  #settleLink(channel: RequestChannel, index: number, settled: Settled): void {
    readLink(channel, index, (link, outcome) => {
      const change = link && this.#world.links.has(index) ? this.#world.putLink(link) : undefined;
      settled(change ? [change] : [], outcome);
    });
  }
  #settleRoutes(
    channel: RequestChannel,
    { family, table }: Extract<Doubt, { kind: "routes" }>,
    settled: Settled,
  ): void {
    readRoutes(channel, { family, table }, (reports, outcome) => {
      settled(outcome.errno === 0 ? this.#world.replaceRoutes(family, table, reports) : [], outcome);
    });
  }

  #beginReading(): void {
    this.#isReading = true;
    this.#events?.pause();
  }
  #endReading(): void {
    this.#isReading = false;
    if (this.#mustReadAgain && !this.#isClosed) {
      this.#mustReadAgain = false;
      this.#readEverything(() => {});
      return;
    }
    const waiting = this.#onWhole;
    this.#onWhole = [];
    this.#events?.resume();
    this.#events?.drain();
    for (const resolve of waiting) resolve();
  }
  /** Resolves when the snapshot is not about to be replaced. */
  async #whole(): Promise<void> {
    while (this.#isReading) await new Promise<void>((resolve) => this.#onWhole.push(resolve));
  }
}

const canceled: DumpOutcome = { errno: errnoOf("ECANCELED"), wasInterrupted: false };
