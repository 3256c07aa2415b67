/** Behaviour of every Http; run against the fake and against web servers in two networks. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Http, HttpLink, HttpOrder, HttpResult } from "../../../src/system/http.ts";

/** On both networks: the name of the network's own server, and an address that each network has for itself. */
export const webHost = "web.example";
export const sharedAddress = "198.51.100.1";
/** No network knows it. */
export const unknownHost = "unknown.example";
/** Nothing listens there. */
export const closedPort = 81;

export const largeBodyBytes = 200_000;

export interface HttpWorld {
  readonly http: Http;
  /** The machine's default route is by `a`. */
  readonly links: { readonly a: HttpLink; readonly b: HttpLink };
  /** Lets the time limit of a question pass, where time does not pass by itself. */
  passTime(ms: number): Promise<void>;
  close(): Promise<void>;
}

type Answer = Extract<HttpResult, { kind: "answer" }>;

export function httpCases(name: string, makeWorld: () => Promise<HttpWorld>): void {
  const inWorld = (title: string, act: (world: HttpWorld) => Promise<void>) =>
    test(`${name}: ${title}`, async () => {
      const world = await makeWorld();
      try {
        await act(world);
      } finally {
        await world.close();
      }
    });
  const get = ({ http, links }: HttpWorld, path: string, order: Partial<HttpOrder> = {}) =>
    http.get({ url: `http://${webHost}${path}`, link: links.a, timeLimitMs: 10_000, ...order });
  const answerTo = async (...args: Parameters<typeof get>): Promise<Answer> => {
    const result = await get(...args);
    assert.equal(result.kind, "answer", JSON.stringify(result));
    return result as Answer;
  };

  inWorld("tells status, type and body", async (world) => {
    const hello = await answerTo(world, "/hello");
    assert.deepEqual(
      [hello.status, hello.contentType, hello.body.toString(), hello.isBodyCut, hello.location],
      [200, "text/plain", "hello from a", false, undefined],
    );
    const nothing = await answerTo(world, "/nothing");
    assert.deepEqual([nothing.status, nothing.body.length], [204, 0]);
  });

  inWorld("asks by the link that was named: its name server, and its way to the same address", async (world) => {
    const byName = await answerTo(world, "/hello", { link: world.links.b });
    assert.equal(byName.body.toString(), "hello from b");
    for (const [letter, link] of Object.entries(world.links)) {
      const byAddress = await answerTo(world, "/hello", { link, url: `http://${sharedAddress}/hello` });
      assert.equal(byAddress.body.toString(), `hello from ${letter}`);
    }
  });

  inWorld("a redirect is the answer, with its target as an absolute URL", async (world) => {
    const near = await answerTo(world, "/away");
    assert.deepEqual([near.status, near.location], [302, `http://${webHost}/hello`]);
    const far = await answerTo(world, "/elsewhere");
    assert.equal(far.location, "https://portal.example/login?from=here");
  });

  inWorld("a redirect to anything but http and https has no target", async (world) => {
    const odd = await answerTo(world, "/odd");
    assert.deepEqual([odd.status, odd.location], [302, undefined]);
  });

  inWorld("redirects are followed as often as asked, and no more", async (world) => {
    const followed = await answerTo(world, "/away", { mostRedirects: 1 });
    assert.deepEqual([followed.status, followed.body.toString()], [200, "hello from a"]);
    const endless = await answerTo(world, "/loop", { mostRedirects: 3 });
    assert.deepEqual([endless.status, endless.location], [302, `http://${webHost}/loop`]);
  });

  inWorld("a body is cut where it becomes too long", async (world) => {
    const cut = await answerTo(world, "/large", { mostBodyBytes: 1000 });
    assert.deepEqual([cut.body.length, cut.isBodyCut], [1000, true]);
    const whole = await answerTo(world, "/large", { mostBodyBytes: largeBodyBytes });
    assert.deepEqual([whole.body.length, whole.isBodyCut], [largeBodyBytes, false]);
  });

  inWorld("headers without end are no answer", async (world) => {
    const result = await get(world, "/headers");
    assert.equal(result.kind === "failed" && result.phase, "answer");
  });

  inWorld("a server that never answers fails when the time is over", async (world) => {
    const asked = get(world, "/silent", { timeLimitMs: 300 });
    await world.passTime(300);
    const result = await asked;
    assert.deepEqual(result.kind === "failed" && [result.phase, result.isTimeout], ["answer", true]);
  });

  inWorld("a port where nothing listens fails at the connection", async (world) => {
    const result = await get(world, "", { url: `http://${webHost}:${closedPort}/` });
    assert.deepEqual(result.kind === "failed" && [result.phase, result.isTimeout], ["connection", false]);
  });

  inWorld("an unknown name fails at the name, and so does a link without name servers", async (world) => {
    const unknown = await get(world, "", { url: `http://${unknownHost}/` });
    assert.deepEqual(unknown.kind === "failed" && [unknown.phase, unknown.isTimeout], ["name", false]);
    const none = await get(world, "/hello", { link: { ...world.links.a, nameServers: [] } });
    assert.deepEqual(none.kind === "failed" && [none.phase, none.isTimeout], ["name", false]);
  });

  inWorld("an aborted request says so, also when it was aborted before", async (world) => {
    const abort = new AbortController();
    const order: HttpOrder = { url: `http://${webHost}/silent`, link: world.links.a, timeLimitMs: 10_000 };
    const asked = world.http.get(order, abort.signal);
    abort.abort();
    assert.deepEqual(await asked, { kind: "aborted" });
    assert.deepEqual(await world.http.get(order, abort.signal), { kind: "aborted" });
  });

  inWorld("a URL of another scheme than http and https is refused", async ({ http, links }) => {
    for (const url of ["", "web.example", "ftp://web.example/", "file:///etc/passwd", "javascript:1"]) {
      await assert.rejects(http.get({ url, link: links.a, timeLimitMs: 1000 }), { code: "InvalidArguments" }, url);
    }
  });
}
