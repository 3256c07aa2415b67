import { DaemonError, describeError } from "../../base/errors.ts";
import type { Log } from "../../base/log.ts";
import {
  type AnyExportedInterface,
  type Argument,
  BusError,
  type BusPort,
  type Dispatcher,
  type ExportedObject,
  type IncomingCall,
  type MethodDef,
  type MethodHandler,
  type MethodResult,
} from "../bus.ts";
import { WaitingCalls } from "../guard/waiting-calls.ts";
import { standardError } from "../wire/names.ts";
import { quote } from "../wire/signature.ts";
import { type ApiDescription, type ApiHost, ApiTree, apiOfCall } from "./api-tree.ts";
import type { TreeObject } from "./object-tree.ts";
import { isPeer, type Node, peerInterface, standardInterfaces } from "./standard-interfaces.ts";

/** Unanswered calls of one sender, as dbus-daemon allows on the system bus (max_replies_per_connection). */
const mostCallsInFlight = 128;
/** Of one user: two such connections. A person's session has a handful of clients, each with a few calls. */
const mostCallsOfUser = 256;

export interface DispatcherOptions {
  readonly bus: BusPort;
  readonly log: Log;
  readonly maxCallsInFlight?: number;
}

type Method = MethodDef & { readonly handler: MethodHandler<unknown> };
interface Route {
  readonly method: Method;
  readonly target: unknown;
}

/**
 * Answers every call to this process: finds object, interface and method, checks the arguments, calls the handler and
 * turns its result or error into a reply. Nothing that a client sends makes it throw.
 */
export class ObjectDispatcher implements Dispatcher {
  /** The first takes calls that belong to no other. */
  readonly #apis: [ApiTree, ...ApiTree[]];
  readonly #host: ApiHost;
  readonly #bus: BusPort;
  readonly #log: Log;
  readonly #waiting: WaitingCalls;
  readonly #signatures = new WeakMap<readonly Argument[], string>();

  constructor({ bus, log, maxCallsInFlight = mostCallsInFlight }: DispatcherOptions) {
    this.#bus = bus;
    this.#log = log;
    const limits = { perConnection: maxCallsInFlight, perUser: mostCallsOfUser };
    this.#waiting = new WaitingCalls(limits, (sender) => bus.credentialsOf(sender));
    this.#host = {
      bus,
      emit: (object, exported, signal, args) => this.#emit(object, exported, signal, args),
      badValue: (where, error) => this.#badValue(where, error),
    };
    this.#apis = [new ApiTree({ busName: undefined, root: "/" }, this.#host)];
    bus.serve((call) => this.#onCall(call));
  }

  export(path: string, interfaces: readonly AnyExportedInterface[]): ExportedObject {
    return this.#apis[0].export(path, interfaces);
  }
  /** Another API on the same connection; to be described before its name is requested. */
  addApi(api: ApiDescription): Dispatcher {
    const tree = new ApiTree(api, this.#host);
    this.#apis.push(tree);
    return tree;
  }
  /** How many calls wait for their handler, for the debug dump. */
  get callsInFlight(): number {
    return this.#waiting.total;
  }

  #emit(object: TreeObject, exported: AnyExportedInterface, signal: string, args: readonly unknown[]): void {
    const def = exported.signals.get(signal);
    if (!def) throw new BusError(standardError("UnknownMethod"), `${exported.name} has no signal ${signal}`);
    this.#bus.emit(object.path, exported.name, signal, this.#signature(def.args), args);
  }

  #onCall(call: IncomingCall): void {
    const api = apiOfCall(this.#apis, call);
    try {
      const { method, target } = this.#route(call, api);
      this.#waiting.check(call.sender);
      const result = method.handler(this.#args(call, method), call, target);
      if (result instanceof Promise) this.#answerLater(call, api, method, result);
      else this.#answer(call, api, method, result);
    } catch (error) {
      this.#refuse(call, api, error);
    }
  }
  #route(call: IncomingCall, { tree }: ApiTree): Route {
    const { path, member } = call;
    const node: Node = { tree, path, object: tree.find(path) };
    if (!tree.exists(path)) {
      const method = isPeer(call.interface) && peerInterface.methods.get(member);
      if (method) return { method: method as Method, target: node };
      throw new BusError(standardError("UnknownObject"), `no object at ${quote(path)}`);
    }
    return this.#findMethod(call, node);
  }
  #findMethod(call: IncomingCall, node: Node): Route {
    const { member, interface: wanted } = call;
    let isInterfaceKnown = false;
    // The object's own interfaces first, so that they win where a call names none.
    for (const { name, methods, target } of node.object?.interfaces ?? []) {
      if (wanted !== undefined && wanted !== name) continue;
      isInterfaceKnown = true;
      const method = methods.get(member);
      if (method) return { method, target };
    }
    for (const { name, methods } of standardInterfaces(node)) {
      if (wanted !== undefined && wanted !== name) continue;
      isInterfaceKnown = true;
      const method = methods.get(member);
      if (method) return { method: method as Method, target: node };
    }
    throw missing(call, isInterfaceKnown);
  }
  /** The types are compared before the body is read: no client fills memory through a method without arguments. */
  #args(call: IncomingCall, method: MethodDef): readonly unknown[] {
    const expected = this.#signature(method.in);
    if (call.signature === expected) return expected === "" ? [] : call.args();
    const text = `${call.member} takes ${quote(expected)}, got ${quote(call.signature)}`;
    throw new BusError(standardError("InvalidArgs"), text);
  }

  #answerLater(call: IncomingCall, api: ApiTree, method: Method, result: Promise<MethodResult>): void {
    const end = this.#waiting.begin(call.sender);
    const finish = (answer: () => void) => {
      end();
      answer();
    };
    result
      .then(
        (values) => finish(() => this.#answer(call, api, method, values)),
        (error: unknown) => finish(() => this.#refuse(call, api, error)),
      )
      .catch((error: unknown) => this.#log.error(`${call.member} was not answered: ${describeError(error)}`));
  }
  #answer(call: IncomingCall, api: ApiTree, method: Method, result: MethodResult): void {
    try {
      call.reply(this.#signature(method.out), result);
    } catch (error) {
      this.#internalError(call, api, error);
    }
  }
  #refuse(call: IncomingCall, api: ApiTree, error: unknown): void {
    if (error instanceof DaemonError) call.fail(api.errorName(error), error.message);
    else if (error instanceof BusError) call.fail(error.busName, error.message);
    else this.#internalError(call, api, error);
  }
  /** A fault of ours: the caller learns that there is one, the log its details. */
  #internalError(call: IncomingCall, api: ApiTree, error: unknown): void {
    const stack = error instanceof Error ? error.stack : undefined;
    this.#log.error(() => `${call.interface ?? ""}.${call.member} failed: ${describeError(error)}`, { stack });
    const told = new DaemonError("InternalError");
    call.fail(api.errorName(told), told.message);
  }
  #badValue(where: string, error: unknown): void {
    this.#log.error(() => `a value cannot be sent, ${where}: ${describeError(error)}`);
  }
  #signature(args: readonly Argument[]): string {
    let text = this.#signatures.get(args);
    if (text === undefined) {
      text = args.map(({ signature }) => signature).join("");
      this.#signatures.set(args, text);
    }
    return text;
  }
}

function missing({ member, interface: wanted, path }: IncomingCall, isInterfaceKnown: boolean): BusError {
  if (wanted !== undefined && !isInterfaceKnown) {
    return new BusError(standardError("UnknownInterface"), `no interface ${wanted} at ${quote(path)}`);
  }
  const where = wanted === undefined ? "" : ` on interface ${wanted}`;
  return new BusError(standardError("UnknownMethod"), `no method ${member}${where} at ${quote(path)}`);
}
