/** Answers of polkit; run against the fake and against a real polkitd. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { silentLog } from "../../../src/base/log.ts";
import type { BusPort } from "../../../src/bus/bus.ts";
import { PolkitAuthority } from "../../../src/polkit/authority.ts";

export interface PolkitWorld {
  /** The daemon's connection, and a stranger's. */
  readonly daemon: BusPort;
  readonly client: BusPort;
  /** From now on `org.fairlead.control` is granted, `.settings` denied, and `.profiles` granted for a password. */
  startPolkit(): Promise<void>;
  stopPolkit(): Promise<void>;
  close(): Promise<void>;
}

export function authorityCases(name: string, make: () => Promise<PolkitWorld>): void {
  test(`${name}: grants, denies, wants a password, does not know, and is not there`, async () => {
    const world = await make();
    try {
      const authority = new PolkitAuthority(world.daemon, silentLog);
      const ask = (action: string, mayInteract = false) =>
        authority.check({ sender: world.client.uniqueName ?? "", uid: 65_534, action, mayInteract });
      assert.equal(await ask("org.fairlead.control"), "absent");
      await world.startPolkit();
      assert.equal(await ask("org.fairlead.control"), "authorized");
      assert.equal(await ask("org.fairlead.settings"), "refused");
      assert.equal(await ask("org.fairlead.profiles"), "challenge");
      assert.equal(await ask("org.fairlead.profiles", true), "challenge", "there is no agent to ask");
      assert.equal(await ask("org.fairlead.unheard-of"), "unavailable");
      await world.stopPolkit();
      assert.equal(await ask("org.fairlead.control"), "absent");
    } finally {
      await world.close();
    }
  });
}
