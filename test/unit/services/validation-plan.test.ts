import assert from "node:assert/strict";
import { test } from "node:test";
import {
  defaultHttpsUrl,
  defaultHttpUrl,
  probeHosts,
  type ValidationFacts,
  validationPlan,
} from "../../../src/services/validation/validation-plan.ts";

const own = probeHosts("http://probe.test/", "https://probe.test/");
const plain: ValidationFacts = { checkPortal: "auto", configurationSource: "Unknown", proxyConfig: "" };
const words = (facts: Partial<ValidationFacts>, { isListed = true, hosts = own } = {}): string => {
  const plan = validationPlan({ ...plain, ...facts }, isListed, hosts);
  return plan.kind === "probe"
    ? [...plan.httpUrls, ...plan.httpsUrls].map((url) => url.split(":")[0]).join("+")
    : plan.kind;
};

const cases: readonly [
  what: string,
  facts: Partial<ValidationFacts>,
  options: Parameters<typeof words>[1],
  want: string,
][] = [
  ["a network of a listed technology", {}, {}, "http+https"],
  ["one whose technology is not listed", {}, { isListed: false }, "trusted"],
  ["CheckPortal true where the technology is not listed", { checkPortal: "true" }, { isListed: false }, "http+https"],
  ["CheckPortal false", { checkPortal: "false" }, {}, "trusted"],
  ["CheckPortal http-only", { checkPortal: "http-only" }, {}, "http"],
  ["an administrator's network", { configurationSource: "DevicePolicy" }, {}, "trusted"],
  [
    "an administrator's network with CheckPortal true",
    { configurationSource: "UserPolicy", checkPortal: "true" },
    {},
    "http+https",
  ],
  ["a proxy", { proxyConfig: '{"mode":"fixed_servers"}' }, {}, "http"],
  ["an unreadable proxy configuration", { proxyConfig: "{" }, {}, "http"],
  ["a proxy configuration of null", { proxyConfig: "null" }, {}, "http"],
  ["no proxy, said so", { proxyConfig: '{"mode":"direct"}' }, {}, "http+https"],
  ["no URL at all", {}, { hosts: probeHosts("", "") }, "unasked"],
  ["no URL at all and CheckPortal false", { checkPortal: "false" }, { hosts: probeHosts("", "") }, "trusted"],
  ["a URL over https alone", {}, { hosts: probeHosts("", "https://probe.test/") }, "https"],
  [
    "a URL over https alone and CheckPortal http-only",
    { checkPortal: "http-only" },
    { hosts: probeHosts("", "https://x/") },
    "unasked",
  ],
];
for (const [what, facts, options, want] of cases)
  test(`${what}: ${want}`, () => assert.equal(words(facts, options), want));

test("other hosts are asked after the default ones, and never after a host that a person named", () => {
  assert.equal(
    words({}, { hosts: probeHosts(defaultHttpUrl, defaultHttpsUrl) }),
    "http+http+http+http+http+https+https+https",
  );
  assert.equal(
    words({}, { hosts: probeHosts(defaultHttpUrl, "https://probe.test/") }),
    "http+http+http+http+http+https",
  );
});
