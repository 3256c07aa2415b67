/** systemd-resolved as the resolver (org.freedesktop.resolve1(5)). */
import type { Cancel, Clock } from "../base/clock.ts";
import { describeError } from "../base/errors.ts";
import { familyOf, parseIpAddress } from "../base/ip-address.ts";
import type { Log } from "../base/log.ts";
import { isDomainName } from "../base/names.ts";
import { BusError, type BusPort, type Call } from "../bus/bus.ts";
import type { LinkNames } from "./name-plan.ts";

const resolvedName = "org.freedesktop.resolve1";
/** It answers from memory, once polkit has spoken. */
const timeoutMs = 10_000;
/** AF_INET and AF_INET6. */
const families = { 4: 2, 6: 10 } as const;

function call(member: string, signature: string, args: readonly unknown[]): Call {
  const object = { destination: resolvedName, path: "/org/freedesktop/resolve1", interface: `${resolvedName}.Manager` };
  return { ...object, member, signature, args, timeoutMs, noAutoStart: true };
}

/** Invalid addresses and names are left out: one would have the rest refused, too. */
function callsFor({ link, nameServers, searchDomains, isDefault }: LinkNames): readonly Call[] {
  // The link is known already, which is all that a zone says.
  const addresses = nameServers.map((server) => server.replace(/%.*/, ""));
  const servers = addresses.flatMap((server) => {
    const family = familyOf(server);
    return family === undefined ? [] : [[families[family], parseIpAddress(server)]];
  });
  const domains = searchDomains.filter(isDomainName).map((domain) => [domain, false]);
  return [
    call("SetLinkDNS", "ia(iay)", [link, servers]),
    call("SetLinkDomains", "ia(sb)", [link, domains]),
    call("SetLinkDefaultRoute", "ib", [link, isDefault]),
  ];
}
const callToForget = (linkIndex: number): Call => call("RevertLink", "i", [linkIndex]);

export interface ResolvedPorts {
  readonly bus: Pick<BusPort, "call" | "watchName">;
  readonly clock: Clock;
  readonly log: Log;
}

/** After a refusal; its reason may be over by then (polkit was not up, say), and no signal tells. */
export const retryMs = 10_000;
/** The link is gone, and its names with it. */
const noSuchLink = `${resolvedName}.NoSuchLink`;

/** Keeps systemd-resolved in step with the wished names of each link; tells it everything again when it comes back. */
export class Resolved {
  #wanted: ReadonlyMap<number, LinkNames> = new Map();
  /** Names told of each link, as text; empty: unknown. */
  readonly #told = new Map<number, string>();
  #owner: string | undefined;
  #isPushing = false;
  #isStale = false;
  #problem = "";
  #cancelRetry: Cancel = () => {};
  #cancelWatch: Cancel = () => {};
  /** It came, or went. */
  onOwner: () => void = () => {};

  constructor(private readonly ports: ResolvedPorts) {}

  start(): void {
    this.#cancelWatch = this.ports.bus.watchName(resolvedName, (owner) => this.#followOwner(owner));
  }
  /** Its links keep their names: connections outlive the daemon. */
  stop(): void {
    this.#cancelWatch();
    this.#cancelRetry();
    this.#owner = undefined;
  }
  get isOnBus(): boolean {
    return this.#owner !== undefined;
  }
  /** Its last refusal; empty: none. */
  get problem(): string {
    return this.#problem;
  }
  /** Links whose names have been told, by index. */
  get links(): readonly number[] {
    return [...this.#told.keys()];
  }

  /** All links that are to have names from now on; other links that were given names are reverted. */
  update(links: readonly LinkNames[]): void {
    this.#wanted = new Map(links.map((names) => [names.link, names]));
    void this.#push();
  }

  #followOwner(owner: string | undefined): void {
    this.#owner = owner;
    // It keeps some of it over a restart, and which is not known.
    for (const link of this.#told.keys()) this.#told.set(link, "");
    this.onOwner();
    void this.#push();
  }

  /** One push at a time, so that calls for one link never overtake each other. */
  async #push(): Promise<void> {
    this.#isStale = true;
    if (this.#isPushing) return;
    this.#isPushing = true;
    while (this.#isStale && this.#owner !== undefined) {
      this.#isStale = false;
      await this.#pushAll();
    }
    this.#isPushing = false;
  }
  async #pushAll(): Promise<void> {
    this.#cancelRetry();
    const problems: string[] = [];
    for (const [index, calls, text] of this.#differences()) {
      this.#told.set(index, "");
      const problem = await this.#send(calls);
      if (problem !== undefined) problems.push(problem);
      else if (text === "") this.#told.delete(index);
      else this.#told.set(index, text);
    }
    this.#note(problems[0] ?? "");
  }
  #differences(): readonly (readonly [index: number, calls: readonly Call[], text: string])[] {
    const unwanted = [...this.#told.keys()].filter((index) => !this.#wanted.has(index));
    const changed = [...this.#wanted].filter(([index, names]) => this.#told.get(index) !== JSON.stringify(names));
    return [
      ...unwanted.map((index) => [index, [callToForget(index)], ""] as const),
      ...changed.map(([index, names]) => [index, callsFor(names), JSON.stringify(names)] as const),
    ];
  }
  /** Undefined: all were taken, or the link is gone. */
  async #send(calls: readonly Call[]): Promise<string | undefined> {
    try {
      for (const call of calls) await this.ports.bus.call(call);
      return undefined;
    } catch (error) {
      if (error instanceof BusError && error.busName === noSuchLink) return undefined;
      return describeError(error);
    }
  }
  #note(problem: string): void {
    // The same again is no news.
    if (problem !== "" && problem !== this.#problem) {
      this.ports.log.warn(`systemd-resolved does not take name servers: ${problem}`);
    }
    this.#problem = problem;
    if (problem !== "" && this.#owner !== undefined) {
      this.#cancelRetry = this.ports.clock.startTimer("resolved-retry", retryMs, () => void this.#push());
    }
  }
}
