import assert from "node:assert/strict";
import { test } from "node:test";
import { type Finding, judge, type Probe } from "../../../src/services/validation/probe-findings.ts";
import { intervalAfter, urlOfAttempt } from "../../../src/services/validation/validation-plan.ts";
import type { HttpResult } from "../../../src/system/http.ts";

const answer = (status: number, more: { location?: string; body?: string } = {}): HttpResult => ({
  kind: "answer",
  status,
  ...(more.location === undefined ? {} : { location: more.location }),
  body: Buffer.from(more.body ?? ""),
  isBodyCut: false,
});
const silent: HttpResult = { kind: "failed", phase: "connection", isTimeout: true, message: "no connection in time" };
const http = (result: HttpResult): Probe => ({ url: "http://probe.test/204", result });
const https = (result: HttpResult): Probe => ({ url: "https://probe.test/204", result });
const login = answer(302, { location: "http://portal.test/login?session=secret" });
const seen: Finding = { kind: "portal", because: "probe.test leads to portal.test", portalUrl: "http://portal.test/" };

const cases: readonly [
  what: string,
  http: HttpResult | undefined,
  https: HttpResult | undefined,
  before: Finding | undefined,
  kind: Finding["kind"],
  portalUrl?: string,
][] = [
  ["204 and an answer over https", answer(204), answer(404), undefined, "internet"],
  ["200 without a body and an answer over https", answer(200), answer(204), undefined, "internet"],
  ["200 with one byte and an answer over https", answer(200, { body: "\n" }), answer(204), undefined, "internet"],
  ["204, and https is not asked", answer(204), undefined, undefined, "internet"],
  ["https alone is asked and answers", undefined, answer(204), undefined, "internet"],
  ["a redirect", login, silent, undefined, "portal", "http://portal.test/login?session=secret"],
  ["a permanent redirect", answer(308, { location: "http://p.test/" }), silent, undefined, "portal", "http://p.test/"],
  [
    "a redirect beside an answer over https",
    login,
    answer(204),
    undefined,
    "portal",
    "http://portal.test/login?session=secret",
  ],
  [
    "a page where none was expected",
    answer(200, { body: "<html>" }),
    silent,
    undefined,
    "portal",
    "http://probe.test/204",
  ],
  ["a login that is asked for (RFC 6585)", answer(511), silent, undefined, "portal", "http://probe.test/204"],
  ["a redirect that leads nowhere", answer(302), silent, undefined, "portal", "http://probe.test/204"],
  ["a permanent one that leads nowhere", answer(308), answer(204), undefined, "portal", "http://probe.test/204"],
  ["a status of 3xx that is no redirect", answer(304), answer(204), undefined, "nothing"],
  ["an error of the server", answer(500, { body: "oops" }), answer(204), undefined, "nothing"],
  ["silence", silent, silent, undefined, "nothing"],
  ["silence over http alone", silent, answer(204), undefined, "nothing"],
  ["silence over https alone", answer(204), silent, undefined, "nothing"],
  ["silence over https alone where a portal was seen", answer(204), silent, seen, "portal", "http://portal.test/"],
  ["both ways open where a portal was seen", answer(204), answer(204), seen, "internet"],
  ["silence where a portal was seen", silent, silent, seen, "nothing"],
];
for (const [what, first, second, before, kind, portalUrl] of cases) {
  test(`${what}: ${kind}`, () => {
    const finding = judge(first && http(first), second && https(second), before);
    assert.deepEqual([finding.kind, finding.portalUrl], [kind, portalUrl]);
    assert.notEqual(finding.because, "");
  });
}

test("the reason names the hosts and what they said, and nothing that tells a person's session", () => {
  assert.equal(judge(http(login), https(silent), undefined).because, "probe.test leads to portal.test (status 302)");
  assert.equal(
    judge(http(answer(204)), https(silent), undefined).because,
    "probe.test (http) answers 204; probe.test (https) does not answer: no connection in time",
  );
});

test("a message from outside is cut", () => {
  const endless: HttpResult = { kind: "failed", phase: "name", isTimeout: false, message: "x".repeat(5000) };
  assert.ok(judge(http(endless), undefined, undefined).because.length < 300);
});

test("attempts come after 3 s, then after twice the time each, at most after a minute", () => {
  assert.deepEqual(
    [1, 2, 3, 4, 5, 6, 500].map(intervalAfter),
    [3, 6, 12, 24, 48, 60, 60].map((seconds) => seconds * 1000),
  );
});

test("the first URL is asked first, then each fallback, then any of them", () => {
  const urls = ["a", "b", "c"];
  const asked = [1, 2, 3, 4, 5].map((attempt) => urlOfAttempt(urls, attempt, () => (attempt === 4 ? 0.99 : 0)));
  assert.deepEqual(asked, ["a", "b", "c", "c", "a"]);
  assert.equal(urlOfAttempt([], 1, Math.random), undefined);
});
