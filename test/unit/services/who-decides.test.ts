import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Owner } from "../../../src/profiles/profile.ts";
import { type Claim, type Move, needsOfMove, whoHolds } from "../../../src/services/who-decides.ts";

/**
 * One row per situation: the claims from the bottom up (m: a Profile of the machine, u: a user's, u+: one with an
 * administrator's mark; after it the settings that act, of which `auto` is noted by itself), then the entry in force,
 * `on terms` where the acting settings are the machine's, and the entries that are kept back.
 */
const networks = `
-                           -> nobody
m                           -> 0
u                           -> 0
u:ip=1                      -> 0
m u:ip=1                    -> 1
m:ip=1 u                    -> 1 on terms
m:auto=1 u:auto=0,ip=1      -> 1
m:ip=1,auto=1 u:auto=0      -> 0, kept back 1
m:ip=1 u:ip=1               -> 1 on terms
m:ip=1 u:ip=2               -> 0, kept back 1
m:ip=1 u:ip=1,dns=1         -> 0, kept back 1
m:ip=1 u+:ip=2              -> 1
m:ip=1 m:ip=2 u:ip=1        -> 1, kept back 2
m:ip=1 m:ip=2 u:ip=2        -> 2 on terms
m:ip=1 m u:ip=2             -> 2
m u:ip=1 u:ip=2             -> 2
m:ip=1 u:ip=1 u:ip=2        -> 1 on terms, kept back 2
m:ip=1 u+:ip=2 u:ip=3       -> 1, kept back 2
m:ip=1 u:ip=3 u+:ip=2       -> 2, kept back 1
u:ip=1 u:ip=2               -> 1
`;
/** The machine's own, be there an entry of the machine or none. */
const cables = `
-                           -> nobody
u                           -> 0 on terms
u:ip=1                      -> nobody, kept back 0
u+:ip=1                     -> 0
m                           -> 0
m u                         -> 1 on terms
m u:ip=1                    -> 0, kept back 1
m u+:ip=1                   -> 1
m:ip=1 u+                   -> 1
m u:ip=1 u                  -> 2 on terms, kept back 1
m u u:ip=1                  -> 1 on terms, kept back 2
`;
function claimOf(word: string): Claim {
  const [who = "", settings = ""] = word.split(":");
  const acting = settings === "" ? [] : settings.split(",").map((pair) => pair.split("=") as [string, string]);
  const isConfigured = acting.some(([name]) => name !== "auto");
  return { isMachine: who === "m", isConsented: who === "u+", isConfigured, acting: new Map(acting) };
}
function decided(words: string, isMachines: boolean): string {
  const claims = words === "-" ? [] : words.split(" ").map(claimOf);
  const { holder, isOnMachinesTerms, keptBack } = whoHolds(claims, isMachines);
  const back = keptBack.size === 0 ? "" : `, kept back ${[...keptBack.keys()].join(" ")}`;
  return `${holder ?? "nobody"}${isOnMachinesTerms ? " on terms" : ""}${back}`;
}
for (const [what, table, isMachines] of [
  ["a network", networks, false],
  ["a cable", cables, true],
] as const) {
  test(`the holder of ${what}, as a table`, () => {
    for (const row of table.trim().split("\n")) {
      const [words = "", expected] = row.split("->").map((part) => part.trim());
      assert.equal(decided(words, isMachines), expected, words);
    }
  });
}

const claim = fc.record({
  isMachine: fc.boolean(),
  isConsented: fc.boolean(),
  acting: fc.uniqueArray(fc.tuple(fc.constantFrom("ip", "dns", "order"), fc.constantFrom("1", "2")), {
    selector: ([name]) => name,
  }),
});
test("with any entries, no acting setting of a user is in force over the machine's without a mark", () => {
  fc.assert(
    fc.property(fc.array(claim, { maxLength: 6 }), fc.boolean(), (drawn, isMachines) => {
      const claims = drawn.map(({ acting, isMachine, isConsented }) => ({
        isMachine,
        isConsented: isConsented && !isMachine,
        isConfigured: acting.length > 0,
        acting: new Map(acting),
      }));
      const machine = claims.findLast(({ isMachine }) => isMachine);
      const { holder, isOnMachinesTerms } = whoHolds(claims, isMachines);
      const held = holder === undefined ? undefined : claims[holder];
      if (!held || held.isMachine || held.isConsented || !(isMachines || machine?.acting.size)) return;
      assert.ok(isOnMachinesTerms);
      for (const [name, json] of held.acting) assert.equal(machine?.acting.get(name), json);
    }),
  );
});

test("the reason names the settings, and never a value", () => {
  const [because = ""] = whoHolds(
    [claimOf("m"), claimOf("u:a=hush,b=hush,c=1,d=1,e=1,f=1,g=1")],
    true,
  ).keptBack.values();
  assert.equal(because, "the machine keeps it, and no administrator agreed to another a, b, c, d, e and 2 more");
});

const [alice, bob]: readonly [Owner, Owner] = [{ uid: 1000 }, { uid: 1001 }];
const names = new Map<Owner, string>([
  ["machine", "machine"],
  ["nobody", "nobody"],
  [alice, "alice"],
  [bob, "bob"],
]);
const still = { isKept: false, isKeptBack: false };
const move = (from: Owner, to: Owner, more: Partial<Move> = {}): string =>
  needsOfMove({ ...still, from, to, secretsOf: from, holdsSecret: false, ...more })
    .map(({ right, owner }) => `${right} ${names.get(owner)}`)
    .join(", ");
test("consents for a Service that changes hands: both sides, and the owner of its secrets", () => {
  const secret = { holdsSecret: true };
  assert.equal(move("nobody", alice), "settings alice");
  assert.equal(move("nobody", alice, secret), "secrets nobody, settings alice");
  assert.equal(move("nobody", alice, { isKept: true }), "settings alice, settings machine");
  assert.equal(move("machine", alice), "settings alice, settings machine");
  assert.equal(move("machine", alice, secret), "secrets machine, settings alice, settings machine");
  assert.equal(move("machine", "machine", secret), "settings machine");
  assert.equal(move(alice, "machine", secret), "secrets alice, settings machine, settings alice");
  assert.equal(move(alice, bob), "settings bob, settings alice");
  assert.equal(move(alice, bob, secret), "secrets alice, settings bob, settings alice");
  assert.equal(move(alice, { uid: 1000 }, secret).split(",").length, 1, "between Profiles of one user");
  const kept = { isKept: true, isKeptBack: true };
  assert.equal(move(alice, alice, kept), "settings alice, settings machine", "a kept back entry is not let in so");
  const unknown: Owner = { uid: undefined };
  const words = needsOfMove({ ...still, from: unknown, to: unknown, secretsOf: unknown, holdsSecret: true });
  assert.deepEqual(
    words.map(({ right }) => right),
    ["secrets", "settings", "settings"],
    "users that are not known yet are not one",
  );
  const terms = { secretsOf: "machine" as const, ...secret };
  assert.equal(move(alice, alice, terms), "secrets machine, settings alice", "on the machine's terms");
});
