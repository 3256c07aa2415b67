import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { describeEnd, emptyReport, withLine } from "../../../../../src/network/protocols/ppp/pppd-report.ts";

const report = (...lines: readonly string[]) => lines.reduce(withLine, emptyReport);
const exited = (code: number) => ({ kind: "exited", code, because: "itself" }) as const;

test("pppd's output on the way up gives link, address and name servers", () => {
  const { linkName, localAddress, nameServers, trouble } = report(
    "Plugin pppoe.so loaded.",
    "Connected to 02:00:00:00:00:01 via interface eth0",
    "Using interface ppp12",
    "Connect: ppp12 <--> eth0",
    "local  IP address 10.64.0.100",
    "remote IP address 10.64.0.1",
    "primary   DNS address 10.64.0.53",
    "secondary DNS address 10.64.0.53",
  );
  assert.deepEqual([linkName, localAddress, nameServers], ["ppp12", "10.64.0.100", ["10.64.0.53"]]);
  assert.equal(trouble, undefined);
});

test("lines that are not quite those of pppd say nothing", () => {
  const none = report(
    "Using interface eth0",
    "Using interface ppp0; rm",
    "local  IP address 10.64.0.300",
    "local  IP address ::1",
    "remote message: local  IP address 10.0.0.1",
    "primary   DNS address resolver.example",
  );
  assert.deepEqual({ ...none, lastLine: "" }, emptyReport);
});

test("each end has one reason, by what was printed and else by the exit code", () => {
  const troubles = [
    [[], 19],
    [["CHAP authentication failed: Access denied"], 19],
    [["PAP authentication failed"], 16],
    [["No response to 5 echo-requests", "Serial link appears to be disconnected."], 15],
    [["Timeout waiting for PADO packets", "Unable to complete PPPoE Discovery"], 10],
    [["PADS: Service-Name-Error: no such service"], 10],
    [["LCP terminated by peer (bye)"], 16],
    [["Modem hangup"], 16],
    [[], 10],
    [[], 4],
    [[], 3],
    [[], 1],
  ] as const;
  assert.deepEqual(
    troubles.map(([lines, code]) => describeEnd(exited(code), report(...lines)).trouble),
    [
      ...[
        "authentication-refused",
        "authentication-refused",
        "authentication-refused",
        "peer-silent",
        "no-concentrator",
      ],
      ...[
        "concentrator-refuses",
        "ended-by-peer",
        "ended-by-peer",
        "negotiation-failed",
        "kernel-without-ppp",
        "not-root",
      ],
      undefined,
    ],
  );
  const refusedOption = describeEnd(exited(2), report("pppd: unrecognized option 'pppoe-ac'"));
  assert.equal(refusedOption.because, "pppd ended with 2: pppd: unrecognized option 'pppoe-ac'");
});

test("a pppd that does not start says what is missing", () => {
  const end = (code: string, message = code) => describeEnd({ kind: "not-started", code, message }, emptyReport);
  assert.match(end("ENOENT", "no such file or directory, access '/usr/sbin/pppd'").because, /not installed/);
  assert.match(describeEnd(exited(127), emptyReport).because, /not installed/);
  const noHelper = end(
    "ENOENT",
    "it wants root, and fairlead-helper does not answer at /run/fairlead-helper.sock (ENOENT)",
  );
  assert.match(noHelper.because, /could not be started: it wants root, and fairlead-helper does not answer/);
  assert.deepEqual([end("EPERM").trouble, end("EMFILE").trouble], ["not-root", undefined]);
});

test("any output leaves a bounded report", () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.oneof(
          fc.string({ maxLength: 5000 }),
          fc.ipV4().map((ip) => `primary   DNS address ${ip}`),
        ),
      ),
      (lines) => {
        const { nameServers, lastLine } = report(...lines);
        assert.ok(nameServers.length <= 2 && lastLine.length <= 200);
      },
    ),
  );
});
