import assert from "node:assert/strict";
import { test } from "node:test";
import { parseAddress } from "../../../../src/bus/session/address.ts";
import { ExternalAuth } from "../../../../src/bus/session/auth.ts";

const paths = (address: string) => parseAddress(address).map(({ path }) => path);

test("an address is a path, an abstract name, or several of them", () => {
  assert.deepEqual(paths("unix:path=/run/dbus/system_bus_socket"), ["/run/dbus/system_bus_socket"]);
  assert.deepEqual(paths("unix:abstract=/tmp/x,guid=00ff"), ["\0/tmp/x"]);
  assert.deepEqual(paths("unix:path=/a;unix:path=/b;"), ["/a", "/b"]);
  assert.deepEqual(paths("tcp:host=localhost,port=1;unix:path=/b"), ["/b"]);
  assert.deepEqual(paths("unix:path=/a%20b%c3%a9"), ["/a bé"]);
});

const bad: readonly (readonly [string, RegExp])[] = [
  ["", /empty/],
  [";", /empty/],
  ["unix", /no transport/],
  ["tcp:host=a", /tcp is not supported/],
  ["autolaunch:", /autolaunch is not supported/],
  ["unix:", /key=value/],
  ["unix:path", /key=value/],
  ["unix:path=", /bad value of path/],
  ["unix:path=/a,path=/b", /given twice/],
  ["unix:path=/a,abstract=/b", /either/],
  ["unix:tmpdir=/tmp", /either/],
  ["unix:path=/a b", /bad value/],
  ["unix:path=/a%2", /bad value/],
  ["unix:path=/a%00", /bad value/],
  [`unix:path=/${"a".repeat(200)}`, /107 bytes/],
];
for (const [address, why] of bad) {
  test(`refuses the address ${JSON.stringify(address.slice(0, 30))} and says why`, () => {
    assert.throws(() => parseAddress(address), why);
  });
}

function authentication(): { sent: string[]; auth: ExternalAuth; push: (text: string) => string | undefined } {
  const sent: string[] = [];
  const auth = new ExternalAuth((text) => sent.push(text), 1000);
  auth.start();
  return { sent, auth, push: (text) => auth.push(Buffer.from(text))?.toString() };
}

test("authenticates with the user id and hands on what follows", () => {
  const { sent, push } = authentication();
  assert.equal(push("OK 1234"), undefined);
  assert.equal(push("\r"), undefined);
  assert.equal(push("\nrest"), "rest");
  assert.deepEqual(sent, ["\0AUTH EXTERNAL 31303030\r\n", "BEGIN\r\n"]);
});

test("a server that knows us under another id is asked once more without one", () => {
  const { sent, push } = authentication();
  push("REJECTED EXTERNAL\r\n");
  push("DATA\r\n");
  assert.equal(push("OK 1234\r\n"), "");
  assert.deepEqual(sent.slice(1), ["AUTH EXTERNAL\r\n", "DATA\r\n", "BEGIN\r\n"]);
});

test("a refusal, an error and nonsense end the authentication", () => {
  for (const answers of [
    ["REJECTED\r\n", "REJECTED\r\n"],
    ["ERROR no\r\n"],
    ["DATA\r\n"],
    ["\r\n"],
    ["x".repeat(2000)],
    [`OK ${"x".repeat(2000)}\r\n`],
  ]) {
    const { push } = authentication();
    assert.throws(() => {
      for (const answer of answers) push(answer);
    }, /refused authentication as user 1000|endless line/);
  }
});
