import assert from "node:assert/strict";
import { test } from "node:test";
import type { Caller } from "../../../src/bus/bus.ts";
import { AccessControl, judge, requireRights } from "../../../src/dbus/access.ts";
import type { Verdict } from "../../../src/polkit/authority.ts";
import type { Owner } from "../../../src/profiles/profile.ts";

const ownUid = 990;
const [anna, bert] = [1000, 1001];
const owners: Readonly<Record<string, Owner>> = {
  machine: "machine",
  nobody: "nobody",
  anna: { uid: anna },
  unknown: { uid: undefined },
};
const askers = { root: 0, daemon: ownUid, anna, bert };

/** `yes`, `no`, or the last word of polkit's action; right / owner: root, the daemon's user, anna, bert. */
const expected = `
control/machine yes yes control control
control/nobody yes yes control control
control/anna yes yes control control
control/unknown yes yes control control
settings/machine yes yes settings settings
settings/nobody yes yes control control
settings/anna yes yes yes no
settings/unknown yes yes settings settings
profiles/machine yes yes profiles profiles
profiles/nobody yes yes control control
profiles/anna yes yes yes no
profiles/unknown yes yes profiles profiles
secrets/machine yes yes no no
secrets/nobody yes yes no no
secrets/anna yes yes yes no
secrets/unknown yes yes no no
debug/machine yes yes debug debug
debug/nobody yes yes debug debug
debug/anna yes yes debug debug
debug/unknown yes yes debug debug
`;

test("rights of callers, as a table", () => {
  const rows = (["control", "settings", "profiles", "secrets", "debug"] as const).flatMap((right) =>
    Object.entries(owners).map(([name, owner]) => {
      const answers = Object.values(askers).map((uid) => {
        const judgement = judge({ right, owner }, uid, ownUid);
        return judgement.verdict === "ask" ? judgement.action.replace("org.fairlead.", "") : judgement.verdict;
      });
      return `${right}/${name} ${answers.join(" ")}`;
    }),
  );
  assert.deepEqual(rows, expected.trim().split("\n"));
});

const caller = (uid: number, gids: readonly number[] = []): Caller => ({
  sender: ":1.5",
  allowsInteraction: true,
  credentials: async () => ({ uid, gids }),
  inTurn: async (work) => work(),
});
const control = (verdict: Verdict) =>
  new AccessControl({
    ownUid,
    authority: { check: async ({ mayInteract }) => (mayInteract ? verdict : "refused") },
    isAdministrator: ({ gids }) => gids?.includes(99) ?? false,
  });

test("polkit's word decides; the group only where there is no polkit", async () => {
  const request = { right: "settings", what: "a.b", owner: "machine" } as const;
  const member = caller(anna, [99]);
  await control("authorized").require(caller(anna), request);
  await control("absent").require(member, request);
  for (const verdict of ["refused", "challenge", "unavailable"] as const) {
    await assert.rejects(control(verdict).require(member, request), { code: "PermissionDenied", message: /^a\.b: / });
  }
  await assert.rejects(control("absent").require(caller(anna), request), /only an administrator/);
});

test("an object that changes hands while a person is asked is not theirs any more", async () => {
  let owner: Owner = { uid: anna };
  const access = {
    require: async () => {
      owner = "machine";
    },
  };
  const needs = () => [{ right: "settings", owner }] as const;
  await assert.rejects(requireRights(access, caller(anna), "a.b", needs), /changed hands/);
  await requireRights(access, caller(anna), "a.b", needs);
});
