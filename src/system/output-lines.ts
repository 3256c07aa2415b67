import { longestLineBytes, mostOutputBytes } from "./processes.ts";

const newline = 0x0a;

/** Cuts the output of a program into lines; bounded in the length of a line and in all that is read. */
export class OutputLines {
  #rest: Buffer = Buffer.alloc(0);
  #left = mostOutputBytes;

  constructor(private readonly onLine: (line: string) => void) {}

  get isCut(): boolean {
    return this.#left < 0;
  }

  take(chunk: Buffer): void {
    if (this.#left < 0) return;
    this.#left -= chunk.length;
    const taken = this.#left < 0 ? chunk.subarray(0, chunk.length + this.#left) : chunk;
    this.#rest = Buffer.concat([this.#rest, taken]);
    for (let end = this.#lineEnd(); end >= 0; end = this.#lineEnd()) this.#emit(end);
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
