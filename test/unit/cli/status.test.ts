import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeDaemon, orderEntry } from "./fake-daemon.ts";

test("status shows on one screen what is connected and by which addresses", async (t) => {
  const daemon = await FakeDaemon.start(t);
  const { code, out, err } = await daemon.runWith({ env: { COLUMNS: "80" } }, "status");
  assert.equal(err, "");
  assert.equal(code, 0);
  assert.equal(
    out,
    `Online through Ethernet on eth0                                   Fairlead 1.2.3

DEVICE  LINK        ADDRESS       GATEWAY    DNS
eth0    carrier     192.0.2.5/24  192.0.2.1  192.0.2.53 192.0.2.54
eth1    no carrier

NO  SERVICE   TYPE      LINK  STATE   REASON
 0  Ethernet  ethernet  eth0  online  validation is disabled
 1  Ethernet  ethernet  eth1  idle    new
`,
  );
});
