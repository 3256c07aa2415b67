import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { DaemonError } from "../../../../src/base/errors.ts";
import type { DhcpMessage } from "../../../../src/network/protocols/dhcp4/message.ts";
import type { FakeDhcpServerConfig } from "../../../fakes/fake-dhcp-server.ts";
import { World } from "./world.ts";

/** How a setup of 30 s ends with such a server. */
async function failureWith(t: TestContext, server: Partial<FakeDhcpServerConfig>): Promise<string> {
  const world = new World(t, {}, server);
  const failed = world.session.setup(new AbortController().signal).then(
    () => assert.fail("is up"),
    (error: unknown) => error,
  );
  await world.pass(31);
  const error = await failed;
  assert.ok(error instanceof DaemonError);
  return error.message;
}
const spoil = (change: Partial<DhcpMessage>) => (answer: DhcpMessage) => ({ ...answer, ...change });

test("silence is told as silence", async (t) => {
  assert.equal(await failureWith(t, { silent: true }), "eth0: no DHCP server answered in time");
});

test("offers that are of no use are counted, with the reason", async (t) => {
  assert.equal(
    await failureWith(t, { spoil: spoil({ yourAddress: "0.0.0.0" }) }),
    "eth0: no DHCP answer was of use; ignored: 4 unusable (address 0.0.0.0 is not one of a host)",
  );
});

test("an answer of the wrong type is named", async (t) => {
  assert.equal(
    await failureWith(t, { spoil: spoil({ type: "ack" }) }),
    "eth0: no DHCP answer was of use; ignored: 4 not of the type that was asked for (ack)",
  );
});

test("other hosts' conversations are no reason", async (t) => {
  assert.equal(
    await failureWith(t, { spoil: spoil({ transactionId: 4711 }) }),
    "eth0: no DHCP server answered in time",
  );
});

test("a server that does not confirm is named, with how often", async (t) => {
  assert.equal(
    await failureWith(t, { spoil: (answer) => (answer.type === "ack" ? undefined : answer) }),
    "eth0: DHCP servers offered an address and did not confirm it: 10.1.0.1 (2 times)",
  );
});

test("the counters stand in the dump, in words as well", async (t) => {
  const world = new World(t, {}, { spoil: spoil({ yourAddress: "127.0.0.1" }) });
  world.setup();
  await world.pass(5);
  const { ignored, ignoredInWords } = world.session.inspect();
  assert.deepEqual(ignored, { unusable: 2 });
  assert.equal(ignoredInWords, "2 unusable (address 127.0.0.1 is not one of a host)");
});
