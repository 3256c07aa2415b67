import assert from "node:assert/strict";
import { test } from "node:test";
import { assemble, type Instruction } from "../../../src/packet/bpf.ts";
import { arpFilterForAddress, packetFilters } from "../../../src/packet/packet-filters.ts";

/** As `tcpdump -d` writes it: code, jump if true, jump if false, operand. */
function disassemble(program: Uint8Array): string[] {
  const words = new Uint32Array(program.buffer);
  const codes = new Uint16Array(program.buffer);
  return Array.from({ length: program.length / 8 }, (_, at) => {
    const jumps = `${program[at * 8 + 2]} ${program[at * 8 + 3]}`;
    return `0x${codes[at * 4]?.toString(16)} ${jumps} 0x${words[at * 2 + 1]?.toString(16)}`;
  });
}

test("the DHCP filter keeps whole UDP packets to port 68 and nothing for other hosts", () => {
  assert.deepEqual(disassemble(packetFilters["dhcp4-client"].program), [
    "0x30 0 0 0xfffff004", // ldb  packet type
    "0x15 8 0 0x3", //        jeq  #PACKET_OTHERHOST, drop
    "0x30 0 0 0x9", //        ldb  [9]: protocol
    "0x15 0 6 0x11", //       jeq  #17, next, drop
    "0x28 0 0 0x6", //        ldh  [6]: flags and fragment offset
    "0x45 4 0 0x3fff", //     jset #0x3fff, drop
    "0xb1 0 0 0x0", //        ldxb 4*([0]&0xf): header length
    "0x48 0 0 0x2", //        ldh  [x+2]: destination port
    "0x15 0 1 0x44", //       jeq  #68, next, drop
    "0x6 0 0 0xffffffff", //  ret  all
    "0x6 0 0 0x0", //         ret  nothing
  ]);
  assert.equal(packetFilters["dhcp4-client"].etherType, 0x0800);
});

test("the ARP filter keeps all but what is for other hosts", () => {
  assert.deepEqual(disassemble(packetFilters.arp.program), [
    "0x30 0 0 0xfffff004",
    "0x15 1 0 0x3",
    "0x6 0 0 0xffffffff",
    "0x6 0 0 0x0",
  ]);
  assert.equal(packetFilters.arp.etherType, 0x0806);
});

test("the ARP filter for one address keeps who claims it or probes for it", () => {
  assert.deepEqual(disassemble(arpFilterForAddress(0x0a010064)), [
    "0x30 0 0 0xfffff004",
    "0x15 6 0 0x3",
    "0x20 0 0 0xe", //         ld   [14]: sender address
    "0x15 3 0 0xa010064", //   jeq  ours, keep
    "0x15 0 3 0x0", //         jeq  #0, next, drop
    "0x20 0 0 0x18", //        ld   [24]: target address
    "0x15 0 1 0xa010064", //   jeq  ours, keep, drop
    "0x6 0 0 0xffffffff",
    "0x6 0 0 0x0",
  ]);
});

test("a jump to a label that is missing, behind, or too far is refused", () => {
  const load: Instruction = { op: "load-byte", at: 0 };
  const jump: Instruction = { op: "if-equal", value: 1, hit: "there" };
  const there: Instruction = { label: "there" };
  const end: Instruction = { op: "return", bytes: 0 };
  assert.throws(() => assemble([jump, end]), /cannot jump from 0 to there/);
  assert.throws(() => assemble([there, load, jump, end]), RangeError);
  assert.throws(() => assemble([jump, ...Array<Instruction>(256).fill(load), there, end]), RangeError);
  assert.equal(assemble([jump, ...Array<Instruction>(255).fill(load), there, end])[2], 255);
});
