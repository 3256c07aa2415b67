import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { parseIpAddress } from "../../../src/base/ip-address.ts";
import { decodeRouterOptions } from "../../../src/rtnl/router-option-messages.ts";
import type { RouterOption } from "../../../src/rtnl/rtnl.ts";
import { NetlinkFormatError } from "../../../src/rtnl/wire.ts";
import { fuzzRuns } from "../../harness/fuzz-runs.ts";
import { encodeOption } from "../../harness/router-advertisement.ts";

/** The message after its netlink header, as the kernel builds it from raw options. */
function messageOf(options: Uint8Array, { icmpType = 134, family = 10, saidLength = options.length } = {}): Buffer {
  const head = Buffer.alloc(16);
  head[0] = family;
  head.writeUInt16LE(saidLength, 2);
  head.writeInt32LE(3, 4);
  head[8] = icmpType;
  const padding = Buffer.alloc((4 - (options.length % 4)) % 4);
  const source = Buffer.alloc(20);
  source.writeUInt16LE(20, 0);
  source.writeUInt16LE(1, 2);
  source.set(parseIpAddress("fe80::1"), 4);
  return Buffer.concat([head, options, padding, source]);
}
const decode = (data: Buffer) => decodeRouterOptions(data, 0, data.length);
const optionsIn = (...options: readonly Uint8Array[]): readonly RouterOption[] =>
  decode(messageOf(Buffer.concat(options))).map(({ option }) => option);

const servers: RouterOption = { kind: "name-servers", servers: ["2001:db8::53"], lifetimeSeconds: 60 };
const portal: RouterOption = { kind: "captive-portal", uri: "https://portal.example/" };

test("several options of one message are told one by one", () => {
  assert.deepEqual(optionsIn(encodeOption(servers), encodeOption(portal)), [servers, portal]);
});

test("an option that breaks its rules is left out, and the others are not", () => {
  const short = Buffer.from([25, 1, 0, 0, 0, 0, 0, 60]);
  assert.deepEqual(optionsIn(short, encodeOption(portal)), [portal]);
});

test("an option of no length, or longer than what is there, ends the list", () => {
  assert.deepEqual(optionsIn(encodeOption(portal), Buffer.from([25, 0, 0, 0, 0, 0, 0, 0]), encodeOption(servers)), [
    portal,
  ]);
  assert.deepEqual(optionsIn(encodeOption(portal), Buffer.from([25, 9, 0, 0, 0, 0, 0, 0])), [portal]);
});

test("a name server that is no host's address is left out", () => {
  const mixed = { ...servers, servers: ["::", "::1", "ff02::fb", "fe80::53"] };
  assert.deepEqual(optionsIn(encodeOption(mixed)), [{ ...servers, servers: ["fe80::53"] }]);
  assert.deepEqual(optionsIn(encodeOption({ ...servers, servers: ["::1"] })), []);
});

for (const domain of ["a b", "a\nnameserver 192.0.2.66", "x;y"]) {
  test(`of a search list, ${JSON.stringify(domain)} is left out`, () => {
    assert.deepEqual(optionsIn(encodeOption({ kind: "search-domains", domains: [domain] })), []);
    const mixed = encodeOption({ kind: "search-domains", domains: [domain, "example.org"] });
    assert.deepEqual(optionsIn(mixed), [{ kind: "search-domains", domains: ["example.org"] }]);
  });
}

test("a portal's URI with control characters is left out", () => {
  assert.deepEqual(optionsIn(encodeOption({ ...portal, uri: "https://a.example/\u0007" })), []);
});

test("a prefix for IPv4 of an unknown length is left out", () => {
  const option = encodeOption({ kind: "pref64", prefix: "64:ff9b::/96", lifetimeSeconds: 80 });
  option[3] = (option[3] as number) | 7;
  assert.deepEqual(optionsIn(option), []);
});

test("a message that is not from a router, or not IPv6, has no option", () => {
  assert.deepEqual(decode(messageOf(encodeOption(servers), { icmpType: 137 })), []);
  assert.deepEqual(decode(messageOf(encodeOption(servers), { family: 2 })), []);
});

test("options longer than their message are refused", () => {
  assert.throws(() => decode(messageOf(encodeOption(servers), { saidLength: 4000 })), NetlinkFormatError);
});

test("for any message of a router, its options are bounded and plain", () => {
  const option = fc.tuple(fc.constantFrom(25, 31, 37, 38, 99), fc.nat(8), fc.uint8Array({ maxLength: 62 }));
  fc.assert(
    fc.property(fc.array(option, { maxLength: 6 }), fc.option(fc.nat(80)), (parts, cut) => {
      const bytes = Buffer.concat(parts.map(([type, length, value]) => Buffer.from([type, length, ...value])));
      const message = messageOf(bytes);
      let told: readonly unknown[] = [];
      try {
        told = decode(cut === null ? message : message.subarray(0, cut));
      } catch (error) {
        assert.ok(error instanceof NetlinkFormatError);
      }
      assert.match(JSON.stringify(told), /^[\x20-\x7e]*$/);
    }),
    { numRuns: fuzzRuns },
  );
});
