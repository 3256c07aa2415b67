import type { IpSettings } from "../../src/network/ip-settings.ts";
import type {
  ProtocolHandler,
  ProtocolHost,
  ProtocolLink,
  ProtocolSession,
} from "../../src/network/protocols/handler.ts";

interface Pending<R> {
  readonly resolve: (value: R) => void;
  readonly reject: (error: unknown) => void;
}

/** A session whose other side is the test. */
class FakeSession implements ProtocolSession {
  /** Calls to it, in order: `setup`, `abort`, `teardown`, `teardown!` (forced), `renew`. */
  readonly calls: string[] = [];
  #setup: Pending<IpSettings> | undefined;
  #teardown: Pending<void> | undefined;
  /** Teardowns end by themselves; otherwise by {@link endTeardown}. */
  endsAtOnce = true;

  constructor(
    readonly link: ProtocolLink,
    readonly config: unknown,
    readonly host: ProtocolHost,
  ) {}

  setup(abort: AbortSignal): Promise<IpSettings> {
    this.calls.push("setup");
    abort.addEventListener("abort", () => this.calls.push("abort"), { once: true });
    return new Promise((resolve, reject) => {
      this.#setup = { resolve, reject };
    });
  }
  teardown({ force }: { readonly force: boolean }): Promise<void> {
    this.calls.push(force ? "teardown!" : "teardown");
    if (this.endsAtOnce || force) return Promise.resolve();
    return new Promise((resolve, reject) => {
      this.#teardown = { resolve, reject };
    });
  }
  renew(): void {
    this.calls.push("renew");
  }

  up(settings: IpSettings): void {
    this.#setup?.resolve(settings);
  }
  fail(error: unknown): void {
    this.#setup?.reject(error);
  }
  endTeardown(): void {
    this.#teardown?.resolve();
  }
  takeCalls(): string {
    return this.calls.splice(0).join(" ");
  }
}

export class FakeProtocolHandler implements ProtocolHandler<unknown> {
  readonly name = "fake";
  readonly awaits = "lease";
  readonly sessions: FakeSession[] = [];

  attach(link: ProtocolLink, config: unknown, host: ProtocolHost): FakeSession {
    const session = new FakeSession(link, config, host);
    this.sessions.push(session);
    return session;
  }
  get last(): FakeSession {
    const session = this.sessions.at(-1);
    if (!session) throw new Error("no session is attached yet");
    return session;
  }
}
