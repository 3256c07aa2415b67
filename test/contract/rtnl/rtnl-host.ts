/** World of the cases; the fake kernel and the real one each make it in their way. */
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import {
  type Delta,
  KernelError,
  type KernelRequest,
  type Link,
  type NewLink,
  type Route,
  type Rtnl,
} from "../../../src/rtnl/rtnl.ts";
import { renderSnapshot } from "../../fakes/render-rtnl.ts";
import type { Advertisement } from "../../harness/router-advertisement.ts";
import { until } from "../../harness/until.ts";
import { DeltaMirror } from "./delta-mirror.ts";

export interface RtnlHost {
  /** Not started. */
  readonly rtnl: Rtnl;
  /** Another program makes the request. */
  outside(request: KernelRequest): Promise<void>;
  /** The other end of the link's cable is plugged in or pulled. */
  setCarrier(link: Link, isPlugged: boolean): void;
  /** Another program writes into the neighbour table. */
  addNeighbour(link: Link, address: string, mac: string): void;
  /** A router speaks into the link of that name from the other end of its cable, and the link listens to routers. */
  hearRouter(link: Link, ad: Advertisement): void;
  /** A process in another network namespace. */
  foreignPid(): number;
  /** The port's view against the world itself, once all is quiet. */
  assertTrue(): Promise<void>;
  close(): Promise<void>;
}

/** A started port, everything heard so far, and short words for the steps of most cases. */
export class Scene {
  readonly heard: Delta[] = [];
  readonly #mirror = new DeltaMirror();

  constructor(
    readonly host: RtnlHost,
    readonly t: TestContext,
  ) {
    host.rtnl.onDelta((delta) => {
      this.heard.push(delta);
      this.#mirror.hear(delta);
    });
  }
  get rtnl(): Rtnl {
    return this.host.rtnl;
  }
  link(name: string): Link {
    const link = this.rtnl.snapshot.linkByName(name);
    assert.ok(link, `there is no link ${name} in\n${renderSnapshot(this.rtnl.snapshot)}`);
    return link;
  }
  async refused(request: KernelRequest): Promise<KernelError> {
    const error = await this.rtnl.request(request).then(
      () => assert.fail(`${request.op} was not refused`),
      (reason: unknown) => reason,
    );
    assert.ok(error instanceof KernelError, String(error));
    return error;
  }
  /** False, and the test is skipped with the reason, where the kernel lacks the kind. */
  async add(link: NewLink): Promise<boolean> {
    try {
      await this.rtnl.request({ op: "add-link", link });
      return true;
    } catch (error) {
      if (!(error instanceof KernelError) || error.code !== "EOPNOTSUPP") throw error;
      this.t.skip(`this kernel has no links of kind ${link.kind}`);
      return false;
    }
  }
  /** `cable0` with its other end `far0`, both up. */
  async cable(): Promise<Link> {
    await this.rtnl.request({
      op: "add-link",
      link: { kind: "veth", name: "cable0", peerName: "far0", mac: cableMac },
    });
    await this.setUp("far0");
    await this.setUp("cable0");
    await this.until("cable0 has carrier", () => this.link("cable0").operState === 6);
    return this.link("cable0");
  }
  async setUp(name: string, isUp = true): Promise<void> {
    await this.rtnl.request({ op: "set-link", link: this.link(name).index, change: { isUp } });
  }
  /** A cable with 10.0.0.2/24. */
  async addressedCable(): Promise<Link> {
    const link = await this.cable();
    await this.rtnl.request({ op: "put-address", address: ownAddress(link) });
    return link;
  }
  async put(route: Route): Promise<void> {
    await this.rtnl.request({ op: "put-route", route });
  }
  /** Deltas heard since the last call, as `kind (reason)`. */
  takeHeard(): Delta[] {
    return this.heard.splice(0);
  }
  until(what: string, isSo: () => boolean): Promise<unknown> {
    return until(what, isSo);
  }
  /** Lines of the whole text that begin with a word. */
  lines(word: "link" | "address" | "route" | "rule"): string[] {
    const lines = renderSnapshot(this.rtnl.snapshot).split("\n");
    return lines.filter((line) => line.startsWith(`${word} `)).map((line) => line.slice(word.length + 1));
  }
  /** The snapshot is the sum of the deltas, and equals the kernel's state. */
  async assertTrue(): Promise<void> {
    await this.host.assertTrue();
    this.#mirror.assertShows(this.rtnl.snapshot);
  }
}

export const cableMac = "02:00:00:00:00:01";

export const ownAddress = (link: Link) =>
  ({ link: link.index, family: 4, address: "10.0.0.2", prefixLength: 24, protocol: 87 }) as const;

export const routeOn = (link: Link, destination: string, more: Partial<Route> = {}): Route => ({
  family: destination.includes(":") ? 6 : 4,
  table: 254,
  destination,
  link: link.index,
  metric: 100,
  protocol: 87,
  scope: 0,
  type: "unicast",
  ...more,
});

export type Case = (scene: Scene) => Promise<void>;
export type Cases = Readonly<Record<string, Case>>;

/** Each case gets a world of its own; at its end the port must show that world. */
export function runCases(makeHost: () => Promise<RtnlHost>, cases: Cases): void {
  for (const [name, run] of Object.entries(cases)) {
    test(name, async (t) => {
      const host = await makeHost();
      try {
        const scene = new Scene(host, t);
        await host.rtnl.start();
        await run(scene);
        await scene.assertTrue();
      } finally {
        await host.close();
      }
    });
  }
}
