/** The longest line a server may send; dbus-daemon's are below 100 bytes. */
const longestLine = 1024;

/**
 * SASL EXTERNAL as the client says it (specification, "Authentication Protocol"): first with our user id, and where the
 * server knows us under another one (user namespaces) once more without, so that it takes the socket's credentials.
 * File descriptors are negotiated only where they are wanted, so that the bus hands us none elsewhere.
 */
export class ExternalAuth {
  #received = Buffer.alloc(0);
  #step: "with-id" | "without-id" | "descriptors" | "done" = "with-id";
  /** The server's identifier in its OK; another one after each restart. */
  serverId = "";

  constructor(
    private readonly send: (text: string) => void,
    private readonly userId: number,
    private readonly options: { readonly wantsDescriptors?: boolean } = {},
  ) {}

  start(): void {
    const id = Buffer.from(String(this.userId)).toString("hex");
    this.send(`\0AUTH EXTERNAL ${id}\r\n`);
  }
  /**
   * Returns, once the server has agreed, the bytes that follow its last line. Throws when it refuses or talks nonsense.
   */
  push(chunk: Buffer): Buffer | undefined {
    this.#received = Buffer.concat([this.#received, chunk]);
    for (;;) {
      const end = this.#received.indexOf("\r\n");
      if (end < 0 && this.#received.length <= longestLine) return undefined;
      if (end < 0 || end > longestLine) throw new Error("the bus sent an endless line during authentication");
      const line = this.#received.toString("latin1", 0, end);
      this.#received = this.#received.subarray(end + 2);
      this.#onLine(line);
      if (this.#step === "done") return this.#received;
    }
  }
  #negotiate(): void {
    this.#step = "descriptors";
    this.send("NEGOTIATE_UNIX_FD\r\n");
  }
  #begin(): void {
    this.#step = "done";
    this.send("BEGIN\r\n");
  }
  #onLine(line: string): void {
    const [word, id = ""] = line.split(" ");
    if (word === "OK") {
      this.serverId = id;
      if (this.options.wantsDescriptors) this.#negotiate();
      else this.#begin();
    } else if (word === "AGREE_UNIX_FD" && this.#step === "descriptors") this.#begin();
    else if (word === "REJECTED" && this.#step === "with-id") {
      this.#step = "without-id";
      this.send("AUTH EXTERNAL\r\n");
    } else if (word === "DATA" && this.#step === "without-id") this.send("DATA\r\n");
    else throw new Error(`the bus refused authentication as user ${this.userId}: ${JSON.stringify(line)}`);
  }
}
