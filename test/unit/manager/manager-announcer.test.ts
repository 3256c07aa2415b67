import assert from "node:assert/strict";
import { test } from "node:test";
import { silentLog } from "../../../src/base/log.ts";
import { Quiet } from "../../../src/base/quiet.ts";
import { ManagerAnnouncer } from "../../../src/manager/manager-announcer.ts";
import { ServiceList } from "../../../src/manager/service-list.ts";
import { FakeClock } from "../../fakes/fake-clock.ts";

function scene() {
  const clock = new FakeClock();
  const quiet = new Quiet(clock, silentLog);
  const told: string[] = [];
  const note = (name: string) => void told.push(name);
  const announcer = new ManagerAnnouncer({
    clock,
    quiet,
    deviceRegistry: { all: [] },
    serviceRegistry: { list: new ServiceList([], () => {}) },
    settings: { properties: { touch: () => {}, retell: note, names: [] } },
    feed: { post: () => {} },
  });
  return { announcer, quiet, told, clock };
}
const lists = ["ServiceCompleteList", "Services", "ConnectedTechnologies", "DefaultTechnology"];

test("the lists of Services are told after each sort, changed or not", () => {
  const { announcer, told } = scene();
  announcer.servicesSorted();
  announcer.servicesSorted();
  assert.deepEqual(told, [...lists, ...lists]);
});

test("in the quiet moment they wait for its end, and are told once for all its sorts", () => {
  const { announcer, quiet, told } = scene();
  quiet.begin();
  announcer.servicesSorted();
  announcer.servicesSorted();
  assert.deepEqual(told, []);
  quiet.end();
  assert.deepEqual(told, lists);
  announcer.servicesSorted();
  assert.deepEqual(told, [...lists, ...lists], "each sort after it is told as ever");
});

test("a network that does not answer keeps the lists back no longer than the quiet moment", () => {
  const { announcer, quiet, told, clock } = scene();
  quiet.begin();
  announcer.servicesSorted();
  clock.advance(50);
  assert.deepEqual(told, lists);
});
