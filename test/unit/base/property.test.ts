import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  fromJson,
  isSameValue,
  PropertyShape,
  PropertyStore,
  propertyTable,
  type Signature,
  toJson,
  type WireVariant,
} from "../../../src/base/property.ts";

class Thing {
  priority = 0;
  note = "";
  secret = "";
  isThere = true;
  list: readonly string[] = [];
}

const shape = new PropertyShape<Thing>(
  propertyTable<Thing>()({
    Priority: {
      signature: "i",
      doc: "Stored.",
      get: (thing) => thing.priority,
      set: (thing, value) => {
        if (value < 0) throw new RangeError("too small");
        thing.priority = value;
      },
      persist: {
        default: 0,
        restore: (thing, value) => {
          thing.priority = value;
        },
      },
    },
    Note: {
      signature: "s",
      doc: "Run-time only.",
      get: (thing) => (thing.isThere ? thing.note : undefined),
      set: (thing, value) => {
        thing.note = value;
      },
    },
    Secret: {
      signature: "s",
      doc: "Write-only.",
      set: (thing, value) => {
        thing.secret = value;
      },
      isSecret: true,
    },
    List: { signature: "as", doc: "Read-only.", get: (thing) => thing.list },
  }),
);

function scene() {
  const thing = new Thing();
  const told: string[] = [];
  const store = new PropertyStore(thing, shape, (name, signature, value) => told.push(`${name} ${signature} ${value}`));
  return { thing, told, store };
}

test("a change is told once, a no-op never", () => {
  const { thing, told, store } = scene();
  assert.equal(store.set("Priority", 5), true);
  assert.equal(store.set("Priority", 5), false);
  thing.list = ["a"];
  store.touch("List");
  thing.list = ["a"];
  store.touch("List");
  assert.deepEqual(told, ["Priority i 5", "List as a"]);
});

test("a setter that refuses changes nothing and tells nothing", () => {
  const { thing, told, store } = scene();
  assert.throws(() => store.set("Priority", -1), /too small/);
  assert.deepEqual([thing.priority, told], [0, []]);
});

test("a value that cannot be stored is put back before any client hears of it", () => {
  const { thing, told, store } = scene();
  const commit = () => {
    throw new Error("disk full");
  };
  assert.throws(() => store.set("Priority", 5, commit), /disk full/);
  assert.deepEqual([thing.priority, told], [0, []]);
});

test("nothing is stored for a value that stays the same", () => {
  const { store } = scene();
  let commits = 0;
  store.set("Priority", 0, () => commits++);
  assert.equal(commits, 0);
});

test("read-only and unknown properties are refused by their names", () => {
  const { store } = scene();
  assert.throws(() => store.set("List", []), { code: "InvalidArguments", message: "Property is read-only" });
  assert.throws(() => store.clear("List"), { code: "InvalidArguments" });
  assert.throws(() => store.set("__proto__", 1), { code: "InvalidProperty" });
  assert.throws(() => store.touch("Nonsense"), { code: "InvalidProperty" });
});

test("clearing goes back to the default of what is stored, and to the first value of what is not", () => {
  const { thing, store } = scene();
  thing.note = "first";
  store.restore(new Map([["Priority", "7"]]), assert.fail);
  store.set("Note", "second");
  store.clear("Note");
  store.clear("Priority");
  assert.deepEqual([thing.note, thing.priority], ["first", 0]);
});

test("a property that is absent for now has no value, and is told when it goes and comes", () => {
  const { thing, told, store } = scene();
  thing.isThere = false;
  store.touch("Note");
  assert.equal(store.value("Note"), undefined);
  thing.isThere = true;
  store.touch("Note");
  assert.deepEqual(told, ["Note s undefined", "Note s "]);
});

test("a secret is set, never read and never told", () => {
  const { thing, told, store } = scene();
  store.set("Secret", "hunter2");
  store.touchAll();
  assert.deepEqual([thing.secret, store.value("Secret"), told], ["hunter2", undefined, []]);
  assert.equal([...store.rows()].length, 0);
});

test("values at their default leave no row; others come back as they were", () => {
  const first = scene();
  assert.deepEqual([...first.store.rows()], []);
  first.store.set("Priority", 9);
  const second = scene();
  second.store.restore(first.store.rows(), assert.fail);
  assert.equal(second.thing.priority, 9);
});

for (const damaged of ["{", '"9"', "9.5", "3000000000", "null", "[9]"]) {
  test(`a damaged row (${damaged}) is reported by its name and left at the default`, () => {
    const { thing, store } = scene();
    thing.priority = 3;
    const bad: string[] = [];
    store.restore(new Map([["Priority", damaged]]), (name) => bad.push(name));
    assert.deepEqual([bad, thing.priority], [["Priority"], 0]);
  });
}

test("rows of some names are those rows alone, and what is not stored has none", () => {
  const { thing, store } = scene();
  thing.priority = 3;
  assert.deepEqual([...store.rows(["Priority"])], [["Priority", "3"]]);
  assert.deepEqual([...store.rows(["Note", "Unknown"])], []);
  assert.deepEqual([...store.rows()], [["Priority", "3"]]);
});

test("retelling says what clients know already", () => {
  const { told, store } = scene();
  store.retell("Priority");
  assert.deepEqual(told, ["Priority i 0"]);
});

const leaves = {
  b: fc.boolean(),
  y: fc.integer({ min: 0, max: 255 }),
  n: fc.integer({ min: -0x8000, max: 0x7fff }),
  q: fc.integer({ min: 0, max: 0xffff }),
  i: fc.integer({ min: -0x80000000, max: 0x7fffffff }),
  u: fc.integer({ min: 0, max: 0xffffffff }),
  t: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  s: fc.string(),
};
const variants: fc.Arbitrary<WireVariant> = fc.oneof(
  ...Object.entries(leaves).map(([signature, values]) => values.map((value: unknown) => ({ signature, value }))),
  fc.array(leaves.s).map((value) => ({ signature: "as", value })),
);
const dictionaries = fc.array(fc.tuple(leaves.s, variants)).map((entries) => new Map(entries));
const values: Record<Signature, fc.Arbitrary<unknown>> = {
  ...leaves,
  o: leaves.s,
  as: fc.array(leaves.s),
  ao: fc.array(leaves.s),
  aq: fc.array(leaves.q),
  "a{ss}": fc.array(fc.tuple(leaves.s, leaves.s)).map((entries) => new Map(entries)),
  "aa{ss}": fc.array(fc.array(fc.tuple(leaves.s, leaves.s)).map((entries) => new Map(entries))),
  "a{sv}": dictionaries,
  "aa{sv}": fc.array(dictionaries),
};

for (const [signature, arbitrary] of Object.entries(values)) {
  test(`values of type ${signature} come back from the store as they were`, () => {
    fc.assert(
      fc.property(arbitrary, (value) => {
        assert.ok(isSameValue(fromJson(signature as Signature, toJson(value)), value));
      }),
    );
  });
}

test("reading any stored text gives a value of the type or one error", () => {
  const signatures = Object.keys(values) as Signature[];
  fc.assert(
    fc.property(fc.constantFrom(...signatures), fc.json(), (signature, json) => {
      try {
        fromJson(signature, json);
      } catch (error) {
        assert.ok(error instanceof TypeError, String(error));
      }
    }),
  );
});

test("equality looks at values, in any order of dictionaries", () => {
  const pair = (a: string, b: string) => new Map([a, b].map((key) => [key, { signature: "s", value: key }]));
  assert.ok(isSameValue(pair("x", "y"), pair("y", "x")));
  assert.ok(!isSameValue(pair("x", "y"), pair("x", "z")));
  assert.ok(!isSameValue({ signature: "s", value: "1" }, { signature: "o", value: "1" }));
  assert.ok(!isSameValue([1, 2], [1]));
});
