import type { Clock } from "../base/clock.ts";
import { longestLineBytes, mostOutputBytes, outputWindowMs } from "./processes.ts";

const newline = 0x0a;

/** Cuts the output of a program into lines; bounded in the length of a line and in all that is read in a time. */
export class OutputLines {
  #rest: Buffer = Buffer.alloc(0);
  #left = mostOutputBytes;
  #windowAt: number;
  /** Up to the end of the line that output was dropped from. */
  #isSkipping = false;
  #isCut = false;

  constructor(
    private readonly onLine: (line: string) => void,
    private readonly clock: Pick<Clock, "now">,
  ) {
    this.#windowAt = clock.now();
  }

  get isCut(): boolean {
    return this.#isCut;
  }

  take(chunk: Buffer): void {
    const taken = this.#withoutSkipped(chunk.subarray(0, this.#leftNow()));
    this.#rest = Buffer.concat([this.#rest, taken]);
    for (let end = this.#lineEnd(); end >= 0; end = this.#lineEnd()) this.#emit(end);
    const isTooMuch = chunk.length > this.#left;
    this.#left = Math.max(0, this.#left - chunk.length);
    if (!isTooMuch) return;
    this.#isCut = this.#isSkipping = true;
    this.#rest = Buffer.alloc(0);
  }
  #leftNow(): number {
    const now = this.clock.now();
    if (now - this.#windowAt >= outputWindowMs) {
      this.#windowAt = now;
      this.#left = mostOutputBytes;
    }
    return this.#left;
  }
  #withoutSkipped(bytes: Buffer): Buffer {
    if (!this.#isSkipping) return bytes;
    const end = bytes.indexOf(newline);
    this.#isSkipping = end < 0;
    return bytes.subarray(end < 0 ? bytes.length : end + 1);
  }
  /** The last line may lack its end. */
  end(): void {
    if (this.#rest.length > 0) this.#emit(this.#rest.length);
  }

  /** Where the first line ends; -1 while it is incomplete. */
  #lineEnd(): number {
    const end = this.#rest.indexOf(newline);
    if (end >= 0 && end <= longestLineBytes) return end;
    return this.#rest.length >= longestLineBytes ? longestLineBytes : -1;
  }
  #emit(end: number): void {
    const line = this.#rest.toString("utf8", 0, end);
    this.#rest = this.#rest.subarray(this.#rest[end] === newline ? end + 1 : end);
    this.onLine(line.endsWith("\r") ? line.slice(0, -1) : line);
  }
}
