import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { connectStates } from "../../../src/services/connect-states.ts";
import {
  compareServices,
  configurationSources,
  type OrderFacts,
  type OrderReason,
  orderOf,
} from "../../../src/services/service-order.ts";

const rules = { technologyOrder: ["vpn", "ethernet", "wifi", "cellular"] } as const;

const plain: OrderFacts = {
  state: "idle",
  hasFailed: false,
  hasWayOut: true,
  isConnectable: true,
  technology: "ethernet",
  ephemeralPriority: 0,
  priority: 0,
  configurationSource: "Unknown",
  hasManagedCredentials: false,
  autoConnect: true,
  securityLevel: 0,
  profileRank: 0,
  hasEverConnected: false,
  strengthPercent: 100,
  serial: 1,
};

/**
 * Criterion, facts of the better one, facts of the worse one. The better one is the younger, so only this criterion can
 * decide.
 */
const criteria: readonly [OrderReason, Partial<OrderFacts>, Partial<OrderFacts>][] = [
  ["IsOnline", { state: "online" }, { state: "ready" }],
  ["IsConnected", { state: "ready" }, { state: "configuration" }],
  ["HasWayOut", { state: "ready" }, { state: "ready", hasWayOut: false }],
  ["HasWayOut", { state: "ready" }, { state: "online", hasWayOut: false }],
  ["HasWayOut", { state: "no-connectivity" }, { state: "ready", hasWayOut: false }],
  ["HasWayOut", { state: "ready", technology: "wifi" }, { state: "ready", hasWayOut: false }],
  ["IsOnline", { state: "online" }, { state: "online", hasWayOut: false }],
  ["IsOnline", { state: "online", hasWayOut: false }, { state: "ready", hasWayOut: false }],
  ["IsConnected", { state: "ready", hasWayOut: false }, { state: "idle" }],
  ["Priority", { state: "ready", hasWayOut: false, priority: 1 }, { state: "ready" }],
  ["EphemeralPriority", { state: "ready", hasWayOut: false, ephemeralPriority: 1 }, { state: "ready" }],
  ["Technology", { state: "ready", hasWayOut: false, priority: 1 }, { state: "ready", technology: "wifi" }],
  ["HasWayOut", { state: "ready" }, { state: "ready", hasWayOut: false, priority: 0, strengthPercent: 100 }],
  ["IsPortal", { state: "ready" }, { state: "redirect-found" }],
  ["IsConnecting", { state: "configuration" }, { state: "idle" }],
  ["IsFailed", { state: "idle" }, { state: "failure", hasFailed: true }],
  ["IsFailed", { state: "idle" }, { state: "idle", hasFailed: true }],
  ["Connectable", {}, { isConnectable: false }],
  ["Technology", { technology: "ethernet" }, { technology: "wifi", priority: 100 }],
  ["Technology", { technology: "cellular" }, { technology: "tunnel" }],
  ["EphemeralPriority", { ephemeralPriority: 2 }, { ephemeralPriority: 1, priority: 9 }],
  ["Priority", { priority: 1 }, {}],
  ["Priority", {}, { priority: -1 }],
  ["Source", { configurationSource: "UserPolicy" }, { configurationSource: "DevicePolicy" }],
  ["ManagedCredentials", { hasManagedCredentials: true }, {}],
  ["AutoConnect", {}, { autoConnect: false }],
  ["Security", { securityLevel: 11 }, { securityLevel: 4 }],
  ["ProfileOrder", { profileRank: 1 }, { profileRank: 0 }],
  ["ProfileOrder", { profileRank: 0 }, { profileRank: -1 }],
  ["HasEverConnected", { hasEverConnected: true }, {}],
  ["Strength", { strengthPercent: 60 }, { strengthPercent: 59 }],
];

for (const [reason, better, worse] of criteria) {
  test(`${reason} puts ${JSON.stringify(better)} before ${JSON.stringify(worse)}`, () => {
    const a = { ...plain, ...better, serial: 2 };
    const b = { ...plain, ...worse, serial: 1 };
    assert.deepEqual(sign(compareServices(a, b, rules)), { order: -1, because: reason });
    assert.deepEqual(sign(compareServices(b, a, rules)), { order: 1, because: reason });
  });
}

test("of two that are alike the older comes first", () => {
  const compared = compareServices(plain, { ...plain, serial: 2 }, rules);
  assert.deepEqual(sign(compared), { order: -1, because: "SerialNumber" });
});

test("connectivity counts for nothing where automatic connection asks", () => {
  const online = { ...plain, state: "online", serial: 2 } as const;
  const preferred = { ...plain, priority: 1 };
  assert.equal(compareServices(online, preferred, rules).because, "IsOnline");
  assert.equal(compareServices(preferred, online, { ...rules, ignoreConnectivity: true }).because, "Priority");
});

const someFacts: fc.Arbitrary<OrderFacts> = fc.record({
  state: fc.constantFrom(...connectStates),
  hasFailed: fc.boolean(),
  hasWayOut: fc.boolean(),
  isConnectable: fc.boolean(),
  technology: fc.constantFrom("vpn", "ethernet", "wifi", "tunnel"),
  ephemeralPriority: fc.integer({ min: 0, max: 1 }),
  priority: fc.integer({ min: -1, max: 1 }),
  configurationSource: fc.constantFrom(...configurationSources),
  hasManagedCredentials: fc.boolean(),
  autoConnect: fc.boolean(),
  securityLevel: fc.integer({ min: 0, max: 2 }),
  profileRank: fc.integer({ min: -1, max: 1 }),
  hasEverConnected: fc.boolean(),
  strengthPercent: fc.integer({ min: 99, max: 100 }),
  serial: fc.integer({ min: 0, max: 50 }),
});

test("the order has no circles: what is before b is before all that comes after b", () => {
  fc.assert(
    fc.property(someFacts, someFacts, someFacts, (a, b, c) => {
      const before = (x: OrderFacts, y: OrderFacts) => orderOf(x, y, rules) <= 0;
      assert.equal(Math.sign(orderOf(a, b, rules)) + Math.sign(orderOf(b, a, rules)), 0);
      if (before(a, b) && before(b, c)) assert.ok(before(a, c));
    }),
  );
});

const sign = ({ order, because }: { order: number; because: OrderReason }) => ({ order: Math.sign(order), because });
