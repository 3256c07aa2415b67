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
import { Announcements } from "./announcements.ts";
import { type ObjectHost, ObjectTree, type TreeObject } from "./object-tree.ts";
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
 * turns what comes of it into a reply. Nothing that a client sends makes it throw.
 */
export class ObjectDispatcher implements Dispatcher {
  readonly #tree = new ObjectTree();
  readonly #announcements: Announcements;
  readonly #bus: BusPort;
  readonly #log: Log;
  readonly #waiting: WaitingCalls;
  readonly #host: ObjectHost;
  readonly #signatures = new WeakMap<readonly Argument[], string>();

  constructor({ bus, log, maxCallsInFlight = mostCallsInFlight }: DispatcherOptions) {
    this.#bus = bus;
    this.#log = log;
    const limits = { perConnection: maxCallsInFlight, perUser: mostCallsOfUser };
    this.#waiting = new WaitingCalls(limits, (sender) => bus.credentialsOf(sender));
    this.#announcements = new Announcements(bus, (where, error) => this.#badValue(where, error));
    this.#host = {
      changed: (object, name, property) => this.#announcements.changed(object, name, property),
      removed: (object) => this.#removed(object),
      emit: (object, exported, signal, args) => this.#emit(object, exported, signal, args),
      badProperty: (path, name, property, error) => this.#badValue(`${path} ${name}.${property}`, error),
    };
    bus.serve((call) => this.#onCall(call));
    bus.onConnection((state) => {
      if (state === "lost") this.#announcements.forget();
      if (state === "restored") this.#announcements.repeatAll(this.#tree.objects);
    });
  }

  export(path: string, interfaces: readonly AnyExportedInterface[]): ExportedObject {
    const object = this.#tree.add(path, interfaces, this.#host);
    this.#announcements.added(object);
    return object;
  }
  /** How many calls wait for their handler, for the debug dump. */
  get callsInFlight(): number {
    return this.#waiting.total;
  }

  #removed(object: TreeObject): void {
    this.#tree.delete(object);
    this.#announcements.removed(object);
  }
  #emit(object: TreeObject, exported: AnyExportedInterface, signal: string, args: readonly unknown[]): void {
    const def = exported.signals.get(signal);
    if (!def) throw new BusError(standardError("UnknownMethod"), `${exported.name} has no signal ${signal}`);
    this.#announcements.beforeSignal(object);
    this.#bus.emit(object.path, exported.name, signal, this.#signature(def.args), args);
  }

  #onCall(call: IncomingCall): void {
    try {
      const { method, target } = this.#route(call);
      this.#waiting.check(call.sender);
      const result = method.handler(this.#args(call, method), call, target);
      if (result instanceof Promise) this.#answerLater(call, method, result);
      else this.#answer(call, method, result);
    } catch (error) {
      this.#refuse(call, error);
    }
  }
  #route(call: IncomingCall): Route {
    const { path, member } = call;
    const node: Node = { tree: this.#tree, path, object: this.#tree.find(path) };
    if (!this.#tree.exists(path)) {
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
  /** The types are compared before the body is read: nobody fills memory through a method that takes nothing. */
  #args(call: IncomingCall, method: MethodDef): readonly unknown[] {
    const expected = this.#signature(method.in);
    if (call.signature === expected) return expected === "" ? [] : call.args();
    const text = `${call.member} takes ${quote(expected)}, got ${quote(call.signature)}`;
    throw new BusError(standardError("InvalidArgs"), text);
  }

  #answerLater(call: IncomingCall, method: Method, result: Promise<MethodResult>): void {
    const end = this.#waiting.begin(call.sender);
    const finish = (answer: () => void) => {
      end();
      answer();
    };
    result
      .then(
        (values) => finish(() => this.#answer(call, method, values)),
        (error: unknown) => finish(() => this.#refuse(call, error)),
      )
      .catch((error: unknown) => this.#log.error(`${call.member} was not answered: ${describeError(error)}`));
  }
  #answer(call: IncomingCall, method: Method, result: MethodResult): void {
    try {
      call.reply(this.#signature(method.out), result);
    } catch (error) {
      this.#internalError(call, error);
    }
  }
  #refuse(call: IncomingCall, error: unknown): void {
    if (error instanceof DaemonError || error instanceof BusError) call.fail(error.busName, error.message);
    else this.#internalError(call, error);
  }
  /** A fault of ours: the caller learns that there is one, the log what it is. */
  #internalError(call: IncomingCall, error: unknown): void {
    const stack = error instanceof Error ? error.stack : undefined;
    this.#log.error(() => `${call.interface ?? ""}.${call.member} failed: ${describeError(error)}`, { stack });
    const { busName, message } = new DaemonError("InternalError");
    call.fail(busName, message);
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
