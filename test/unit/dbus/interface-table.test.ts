import assert from "node:assert/strict";
import { test } from "node:test";
import type { Caller } from "../../../src/bus/bus.ts";
import type { AccessPolicy, Need } from "../../../src/dbus/access.ts";
import { interfaceTable, type Target } from "../../../src/dbus/interface-table.ts";
import type { Owner } from "../../../src/profiles/profile.ts";

interface Thing {
  owner: Owner;
}
const method = { in: [], out: [], doc: "", right: "settings" } as const;
const table = interfaceTable<Thing>({
  name: "a.b",
  doc: "",
  ownerOf: ({ owner }) => owner,
  ownerOfChange: ({ owner }, names) => (names.includes("Route") ? "machine" : owner),
  methods: {
    Act: { ...method, call: () => undefined },
    Change: { ...method, changes: ([names]) => names as string[], call: () => undefined },
    Move: {
      ...method,
      needs: ({ owner }) => [
        { right: "secrets", owner },
        { right: "settings", owner: "machine" },
        { right: "settings", owner: "machine" },
      ],
      call: () => undefined,
    },
  },
});
function call(member: string, args: readonly unknown[], inTurn: Caller["inTurn"] = async (work) => work()) {
  const thing: Thing = { owner: { uid: 1000 } };
  const asked: Need[] = [];
  const access: AccessPolicy = { require: async (_caller, { right, owner }) => void asked.push({ right, owner }) };
  const caller = { sender: ":1.1", allowsInteraction: true, credentials: async () => ({ uid: 1000 }), inTurn };
  const target = { of: thing, access, isGone: false } as unknown as Target<Thing>;
  return { thing, asked, done: table.methods.get(member)?.handler(args, caller as Caller, target) };
}

test("a call asks about what it changes, and each question once", async () => {
  const owner = { uid: 1000 };
  const expected: readonly [string, readonly unknown[], readonly Need[]][] = [
    ["Act", [], [{ right: "settings", owner }]],
    ["Change", [["Note"]], [{ right: "settings", owner }]],
    ["Change", [["Note", "Route"]], [{ right: "settings", owner: "machine" }]],
    [
      "Move",
      [],
      [
        { right: "secrets", owner },
        { right: "settings", owner: "machine" },
      ],
    ],
  ];
  for (const [member, args, needs] of expected) {
    const { asked, done } = call(member, args);
    await done;
    assert.deepEqual(asked, needs, member);
  }
});

test("an object that changes hands while the call waits for its turn is not touched", async () => {
  let change = () => {};
  const late = call("Act", [], async (work) => {
    change();
    return work();
  });
  change = () => {
    late.thing.owner = { uid: 1001 };
  };
  await assert.rejects(Promise.resolve(late.done), { code: "PermissionDenied", message: /changed hands/ });
});
