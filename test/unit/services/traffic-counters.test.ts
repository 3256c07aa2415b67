import assert from "node:assert/strict";
import { test } from "node:test";
import { type LinkTraffic, TrafficCounters } from "../../../src/services/traffic-counters.ts";

const bytes = (rxBytes: number, txBytes: number): LinkTraffic => ({
  rxBytes: BigInt(rxBytes),
  txBytes: BigInt(txBytes),
});

test("the difference to the Service's start on the link counts", () => {
  const counters = new TrafficCounters();
  counters.count(bytes(1000, 500));
  assert.deepEqual(counters.total, bytes(0, 0));
  counters.count(bytes(1300, 600));
  counters.count(bytes(1300, 601));
  assert.deepEqual(counters.total, bytes(300, 101));
});

test("the link's traffic while the Service is away is not its own", () => {
  const counters = new TrafficCounters();
  counters.count(bytes(0, 0));
  counters.count(bytes(10, 10));
  counters.count(undefined);
  counters.count(bytes(5000, 5000));
  counters.count(bytes(5001, 5002));
  assert.deepEqual(counters.total, bytes(11, 12));
});

test("a link that was made anew begins at nothing, and a reset does too", () => {
  const counters = new TrafficCounters();
  counters.count(bytes(900, 900));
  counters.count(bytes(7, 8));
  assert.deepEqual(counters.total, bytes(7, 8));
  counters.reset();
  counters.count(bytes(17, 8));
  assert.deepEqual(counters.total, bytes(10, 0));
});
