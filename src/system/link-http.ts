import { type IncomingMessage, request } from "node:http";
import { isIP, Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { DaemonError, describeError } from "../base/errors.ts";
import { nativeAddon } from "../native/native.ts";
import {
  defaultBodyBytes,
  type Http,
  type HttpOrder,
  type HttpPhase,
  type HttpResult,
  mostHeaderBytes,
} from "./http.ts";
import { askLink } from "./link-dns.ts";

const socketOptions = { level: 1, bindToDevice: 25 } as const;
const families = { 4: 2, 6: 10 } as const;
const streamType = 1;
/** More addresses of one name are not tried: the time limit would end the question first. */
const mostAddresses = 4;

/** {@link Http} on sockets bound to the link (SO_BINDTODEVICE). Needs CAP_NET_RAW, or a kernel from 5.7 on. */
export class LinkHttp implements Http {
  async get(order: HttpOrder, abort?: AbortSignal): Promise<HttpResult> {
    const url = parseUrl(order.url);
    if (abort?.aborted) return { kind: "aborted" };
    const end = new End(order.timeLimitMs, abort);
    const question = new Question(order, end.signal);
    try {
      return await question.ask(url, order.mostRedirects ?? 0);
    } catch (error) {
      if (abort?.aborted) return { kind: "aborted" };
      const { isTimeout } = end;
      const message = isTimeout ? `no ${question.phase} within ${order.timeLimitMs} ms` : describeError(error);
      return { kind: "failed", phase: question.phase, isTimeout, message };
    } finally {
      end.settle();
    }
  }
}

/** The end of a question before its answer: its time is up, or it is aborted. Leaves no timer behind once settled. */
class End {
  isTimeout = false;
  readonly #controller = new AbortController();
  readonly #timer: NodeJS.Timeout;
  readonly #onAbort = () => this.#controller.abort(new Error("aborted"));

  constructor(
    timeLimitMs: number,
    private readonly abort: AbortSignal | undefined,
  ) {
    this.#timer = setTimeout(() => this.#onTimeout(), timeLimitMs).unref();
    abort?.addEventListener("abort", this.#onAbort);
  }
  get signal(): AbortSignal {
    return this.#controller.signal;
  }
  settle(): void {
    clearTimeout(this.#timer);
    this.abort?.removeEventListener("abort", this.#onAbort);
  }
  #onTimeout(): void {
    this.isTimeout = true;
    this.#controller.abort(new Error("the time is up"));
  }
}

function parseUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol === "http:" || url?.protocol === "https:") return url;
  throw new DaemonError("InvalidArguments", `"${text.slice(0, 200)}" is no http or https URL`);
}

/** One order on its way; knows how far it came. */
class Question {
  phase: HttpPhase = "name";

  constructor(
    private readonly order: HttpOrder,
    private readonly signal: AbortSignal,
  ) {}

  async ask(url: URL, redirectsLeft: number): Promise<HttpResult> {
    this.signal.throwIfAborted();
    const answer = await this.#askOnce(url);
    if (answer.location === undefined || redirectsLeft === 0) return answer;
    return this.ask(new URL(answer.location), redirectsLeft - 1);
  }

  async #askOnce(url: URL) {
    this.phase = "name";
    const addresses = await this.#resolve(url.hostname.replace(/^\[|\]$/g, ""));
    this.phase = "connection";
    const socket = await this.#connectToOne(addresses, Number(url.port || (url.protocol === "https:" ? 443 : 80)));
    try {
      const stream = url.protocol === "https:" ? await this.#startTls(socket, url.hostname) : socket;
      this.phase = "answer";
      return await this.#readAnswer(url, stream);
    } finally {
      socket.destroy();
    }
  }

  async #resolve(host: string): Promise<readonly string[]> {
    if (isIP(host) !== 0) return [host];
    const { link, timeLimitMs } = this.order;
    if (link.nameServers.length === 0) throw new Error(`${link.name} has no name server`);
    const question = { host, link, timeoutMs: Math.min(timeLimitMs, 2000), abort: this.signal };
    const answers = await abortable(this.signal, askLink(question), () => {});
    const found = answers.flatMap((answer) => (answer.status === "fulfilled" ? answer.value : []));
    if (found.length === 0) throw new Error(`${host} has no address: ${firstReason(answers)}`);
    return found.slice(0, mostAddresses);
  }

  async #connectToOne(addresses: readonly string[], port: number): Promise<Socket> {
    let failure: unknown;
    for (const address of addresses) {
      try {
        return await this.#connect(address, port);
      } catch (error) {
        this.signal.throwIfAborted();
        failure = error;
      }
    }
    throw failure;
  }
  #connect(host: string, port: number): Promise<Socket> {
    const socket = boundSocket(this.order.link.name, isIP(host) as 4 | 6);
    const connected = new Promise<Socket>((resolve, reject) => {
      socket.once("error", reject);
      socket.connect({ host, port }, () => resolve(socket));
    });
    // Errors after the connection come as an answer that ends early.
    socket.on("error", () => {});
    return abortable(this.signal, connected, () => socket.destroy()).catch((error: unknown) => {
      socket.destroy();
      throw error;
    });
  }

  #startTls(socket: Socket, host: string): Promise<Socket> {
    this.phase = "tls";
    const servername = isIP(host) === 0 ? { servername: host } : {};
    const secured = new Promise<Socket>((resolve, reject) => {
      const stream = connectTls({ socket, ...servername }, () => resolve(stream));
      stream.once("error", reject);
      stream.on("error", () => {});
    });
    return abortable(this.signal, secured, () => socket.destroy());
  }

  #readAnswer(url: URL, socket: Socket) {
    const { headers = {}, mostBodyBytes = defaultBodyBytes } = this.order;
    const answered = new Promise<IncomingMessage>((resolve, reject) => {
      // Not by the URL: https would need another client, and TLS under the socket is settled already.
      const asked = request({
        host: url.hostname,
        path: `${url.pathname}${url.search}`,
        createConnection: () => socket,
        maxHeaderSize: mostHeaderBytes,
        headers: { host: url.host, connection: "close", ...headers },
      });
      asked.once("response", resolve);
      asked.once("error", reject);
      asked.on("error", () => {});
      asked.end();
    });
    const read = answered.then(async (message) => ({
      kind: "answer" as const,
      status: message.statusCode ?? 0,
      ...locationOf(message, url),
      ...contentTypeOf(message),
      ...(await readBody(message, mostBodyBytes)),
    }));
    return abortable(this.signal, read, () => socket.destroy());
  }
}

/** A closed socket is not told apart from one that the peer closed: the aborting caller gives its reason first. */
function abortable<T>(signal: AbortSignal, promise: Promise<T>, cancel: () => void): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = () => {
      reject(signal.reason);
      cancel();
    };
    if (signal.aborted) onAbort();
    signal.addEventListener("abort", onAbort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", onAbort));
  });
}

function boundSocket(linkName: string, family: 4 | 6): Socket {
  const socket = nativeAddon().openSocket(families[family], streamType, 0);
  try {
    socket.setOption(socketOptions.level, socketOptions.bindToDevice, Buffer.from(`${linkName}\0`));
    return new Socket({ fd: socket.detach() });
  } catch (error) {
    socket.close();
    throw error;
  }
}

const firstReason = (answers: readonly PromiseSettledResult<readonly string[]>[]): string => {
  const failed = answers.find((answer) => answer.status === "rejected");
  return failed === undefined ? "the link has no address" : describeError(failed.reason);
};

/** Only http and https: another scheme would be opened by a program of the user's that nothing here knows. */
function locationOf({ statusCode = 0, headers }: IncomingMessage, base: URL): { readonly location?: string } {
  if (statusCode < 300 || statusCode > 399 || headers.location === undefined) return {};
  if (!URL.canParse(headers.location, base.href)) return {};
  const target = new URL(headers.location, base.href);
  return target.protocol === "http:" || target.protocol === "https:" ? { location: target.href } : {};
}

const contentTypeOf = ({ headers }: IncomingMessage): { readonly contentType?: string } =>
  headers["content-type"] === undefined ? {} : { contentType: headers["content-type"] };

async function readBody(message: IncomingMessage, most: number): Promise<{ body: Buffer; isBodyCut: boolean }> {
  const chunks: Buffer[] = [];
  let left = most;
  for await (const chunk of message as AsyncIterable<Buffer>) {
    chunks.push(chunk.subarray(0, left));
    left -= chunk.length;
    if (left < 0) break;
  }
  return { body: Buffer.concat(chunks), isBodyCut: left < 0 };
}
