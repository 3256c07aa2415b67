import assert from "node:assert/strict";
import { test } from "node:test";
import { emptyIpSettings, type IpSettings } from "../../../../src/network/ip-settings.ts";
import type { ProtocolHandler, ProtocolLink } from "../../../../src/network/protocols/handler.ts";
import { ProtocolRunner } from "../../../../src/network/protocols/runner.ts";
import { FakeClock } from "../../../fakes/fake-clock.ts";
import { FakeProtocolHandler } from "../../../fakes/fake-protocol-handler.ts";
import { RecordingLog } from "../../../fakes/recording-log.ts";

const link: ProtocolLink = { index: 2, name: "eth0", mac: "02:00:00:00:00:02", mtu: 1500 };
const withMtu = (mtu: number): IpSettings => ({ ...emptyIpSettings, mtu });

function makeWorld(handler: ProtocolHandler<unknown> & { last?: unknown } = new FakeProtocolHandler()) {
  const told: string[] = [];
  const owner = {
    up: (settings: IpSettings) => told.push(`up ${settings.mtu}`),
    changed: (settings: IpSettings) => told.push(`changed ${settings.mtu}`),
    failed: (error: unknown) => told.push(`failed ${(error as Error).message}`),
    lost: (reason: string) => told.push(`lost ${reason}`),
    down: () => told.push("down"),
  };
  const clock = new FakeClock();
  const log = new RecordingLog();
  const runner = new ProtocolRunner(handler, link, { some: "config" }, owner, { clock, log });
  const session = handler instanceof FakeProtocolHandler ? handler.last : undefined;
  const heard = async (): Promise<string> => {
    await clock.settle();
    return told.splice(0).join(", ");
  };
  return { runner, session: session as FakeProtocolHandler["last"], heard, log, owner, told };
}

async function makeUp() {
  const world = makeWorld();
  world.runner.setup();
  world.session.up(withMtu(1));
  assert.equal(await world.heard(), "up 1");
  world.session.takeCalls();
  return world;
}

test("the handler gets the link and the configuration", () => {
  const { session } = makeWorld();
  assert.equal(session.link, link);
  assert.deepEqual(session.config, { some: "config" });
});

test("a setup that succeeds is up", async () => {
  const { runner, session, heard } = makeWorld();
  assert.equal(runner.state, "down");
  runner.setup();
  assert.equal(runner.state, "setup");
  session.up(withMtu(1));
  assert.equal(await heard(), "up 1");
  assert.equal(runner.state, "up");
});

test("up is told in the first microtask after the session is up", async () => {
  const { runner, session, told } = makeWorld();
  runner.setup();
  session.up(withMtu(1));
  await Promise.resolve();
  assert.deepEqual(told, ["up 1"]);
});

test("there is one setup at a time", async () => {
  const { runner, session, heard } = makeWorld();
  runner.setup();
  runner.setup();
  session.up(withMtu(1));
  await heard();
  runner.setup();
  assert.equal(session.takeCalls(), "setup");
});

test("after a failure the same session may be set up again", async () => {
  const { runner, session, heard } = makeWorld();
  runner.setup();
  session.fail(new Error("nobody there"));
  assert.equal(await heard(), "failed nobody there");
  assert.equal(runner.state, "down");
  runner.setup();
  session.up(withMtu(2));
  assert.equal(await heard(), "up 2");
});

test("a handler that throws is treated as one that rejects", async () => {
  const throwing: ProtocolHandler<unknown> = {
    name: "throwing",
    attach: () => ({
      setup: () => {
        throw new Error("setup thrown");
      },
      teardown: () => {
        throw new Error("teardown thrown");
      },
    }),
  };
  const { runner, heard } = makeWorld(throwing);
  runner.setup();
  assert.equal(await heard(), "failed setup thrown");
});

test("a teardown that throws or rejects ends all the same, with a warning", async () => {
  const handler: ProtocolHandler<unknown> = {
    name: "careless",
    attach: () => ({
      setup: async () => withMtu(1),
      teardown: () => {
        throw new Error("teardown thrown");
      },
    }),
  };
  const { runner, heard, log } = makeWorld(handler);
  runner.setup();
  assert.equal(await heard(), "up 1");
  runner.teardown({ force: false });
  assert.equal(await heard(), "down");
  assert.deepEqual(log.messages("warn"), ["careless: teardown went wrong: teardown thrown"]);
});

test("a teardown aborts the setup first, and an up that still arrives is dropped", async () => {
  const { runner, session, heard } = makeWorld();
  runner.setup();
  runner.teardown({ force: false });
  assert.equal(session.takeCalls(), "setup abort teardown");
  session.up(withMtu(1));
  assert.equal(await heard(), "down");
  assert.equal(runner.state, "down");
});

test("a setup that fails because it was aborted is no failure", async () => {
  const { runner, session, heard } = makeWorld();
  runner.setup();
  runner.teardown({ force: false });
  session.fail(new Error("aborted"));
  assert.equal(await heard(), "down");
});

test("a forced teardown overtakes a polite one that is stuck, and down is told once", async () => {
  const { runner, session, heard } = await makeUp();
  session.endsAtOnce = false;
  runner.teardown({ force: false });
  assert.equal(await heard(), "");
  runner.teardown({ force: false });
  runner.teardown({ force: true });
  assert.equal(session.takeCalls(), "teardown teardown!");
  assert.equal(await heard(), "down");
  session.endTeardown();
  assert.equal(await heard(), "");
});

test("tearing down what is down does nothing", async () => {
  const { runner, session, heard } = makeWorld();
  runner.teardown({ force: true });
  assert.equal(await heard(), "");
  assert.equal(session.takeCalls(), "");
});

test("a setup asked for during a teardown begins when that has ended", async () => {
  const { runner, session, heard } = await makeUp();
  session.endsAtOnce = false;
  runner.teardown({ force: false });
  runner.setup();
  assert.equal(session.takeCalls(), "teardown");
  session.endTeardown();
  assert.equal(await heard(), "down");
  assert.equal(session.takeCalls(), "setup");
  session.up(withMtu(2));
  assert.equal(await heard(), "up 2");
});

test("a setup asked for during a teardown is forgotten when another teardown comes", async () => {
  const { runner, session, heard } = await makeUp();
  session.endsAtOnce = false;
  runner.teardown({ force: false });
  runner.setup();
  runner.teardown({ force: true });
  assert.equal(await heard(), "down");
  assert.equal(session.takeCalls(), "teardown teardown!");
});

test("news of a session that is up are handed on, after its own call has ended", async () => {
  const { session, heard, told } = await makeUp();
  session.host.settingsChanged(withMtu(2));
  assert.deepEqual(told, []);
  assert.equal(await heard(), "changed 2");
});

test("after a loss the session may be set up again", async () => {
  const { runner, session, heard } = await makeUp();
  session.host.lost("lease-expired");
  assert.equal(await heard(), "lost lease-expired");
  assert.equal(runner.state, "lost");
  runner.setup();
  session.up(withMtu(3));
  assert.equal(await heard(), "up 3");
});

test("after a loss a teardown still reaches the session", async () => {
  const { runner, session, heard } = await makeUp();
  session.host.lost("link-lost");
  await heard();
  runner.teardown({ force: false });
  assert.equal(session.takeCalls(), "teardown");
  assert.equal(await heard(), "down");
});

test("unasked news of a session are dropped", async () => {
  const { runner, session, heard } = makeWorld();
  session.host.settingsChanged(withMtu(2));
  session.host.lost("early");
  assert.equal(await heard(), "");
  runner.setup();
  session.up(withMtu(1));
  await heard();
  runner.teardown({ force: true });
  await heard();
  session.host.settingsChanged(withMtu(2));
  session.host.lost("late");
  assert.equal(await heard(), "");
});

test("settings that change between the end of setup and the news of it count", async () => {
  const slow = new FakeProtocolHandler();
  const { runner, session, heard } = makeWorld(slow);
  // As a session written with async and await: the promise resolves some microtasks after the decision.
  const setup = session.setup.bind(session);
  session.setup = async (abort) => {
    const settings = await setup(abort);
    await Promise.resolve();
    return settings;
  };
  runner.setup();
  session.up(withMtu(1));
  session.host.settingsChanged(withMtu(2));
  assert.equal(await heard(), "up 2");
  assert.equal(runner.state, "up");
});

test("a loss between the end of setup and the news of it is told after it", async () => {
  const { runner, session, heard } = makeWorld();
  const setup = session.setup.bind(session);
  session.setup = async (abort) => {
    const settings = await setup(abort);
    await Promise.resolve();
    return settings;
  };
  runner.setup();
  session.up(withMtu(1));
  session.host.lost("nak");
  assert.equal(await heard(), "up 1, lost nak");
  assert.equal(runner.state, "lost");
});

test("renewing reaches only a session that is up", async () => {
  const { runner, session } = makeWorld();
  assert.equal(runner.renew(), false);
  const up = await makeUp();
  assert.equal(up.runner.renew(), true);
  assert.equal(up.session.takeCalls(), "renew");
  assert.equal(session.takeCalls(), "");
});

test("a session without renew says so", async () => {
  const { runner, heard } = makeWorld({
    name: "plain",
    attach: () => ({ setup: async () => withMtu(1), teardown: async () => {} }),
  });
  runner.setup();
  assert.equal(await heard(), "up 1");
  assert.equal(runner.renew(), false);
});
