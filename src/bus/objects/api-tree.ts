import type { DaemonError, ErrorCode } from "../../base/errors.ts";
import { type AnyExportedInterface, BusError, type BusPort, type Dispatcher, type ExportedObject } from "../bus.ts";
import { standardError } from "../wire/names.ts";
import { Announcements } from "./announcements.ts";
import { type ObjectHost, ObjectTree, type TreeObject } from "./object-tree.ts";

/** One API among several on a connection. */
export interface ApiDescription {
  /** Calls to this well-known name see its objects alone. Undefined: all names of no other API. */
  readonly busName: string | undefined;
  /** Its objects are here and below, and its ObjectManager answers here. */
  readonly root: string;
  /** Absent: the names in the table of errors. */
  errorName?(code: ErrorCode): string;
}

export interface ApiHost {
  readonly bus: BusPort;
  emit(object: TreeObject, exported: AnyExportedInterface, signal: string, args: readonly unknown[]): void;
  badValue(where: string, error: unknown): void;
}

/** The objects of one API, its ObjectManager and its names of errors. */
export class ApiTree implements Dispatcher {
  readonly tree: ObjectTree;
  readonly #announcements: Announcements;
  readonly #objectHost: ObjectHost;

  constructor(
    private readonly api: ApiDescription,
    host: ApiHost,
  ) {
    this.tree = new ObjectTree(api.root);
    this.#announcements = new Announcements(host.bus, api.root, (where, error) => host.badValue(where, error));
    this.#objectHost = {
      changed: (object, name, property) => this.#announcements.changed(object, name, property),
      removed: (object) => this.#removed(object),
      emit: (object, exported, signal, args) => {
        this.#announcements.beforeSignal(object);
        host.emit(object, exported, signal, args);
      },
      badProperty: (path, name, property, error) => host.badValue(`${path} ${name}.${property}`, error),
      badProperties: (path, name, error) => host.badValue(`${path} ${name}`, error),
    };
    host.bus.onConnection((state) => {
      if (state === "lost") this.#announcements.forget();
      if (state === "restored") this.#announcements.repeatAll(this.tree.objects);
    });
  }

  get busName(): string | undefined {
    return this.api.busName;
  }
  get root(): string {
    return this.api.root;
  }
  export(path: string, interfaces: readonly AnyExportedInterface[]): ExportedObject {
    if (!isAtOrBelow(path, this.root)) {
      throw new BusError(standardError("InvalidArgs"), `${path} is not below ${this.root}`);
    }
    const object = this.tree.add(path, interfaces, this.#objectHost);
    this.#announcements.added(object);
    return object;
  }
  errorName(error: DaemonError): string {
    return this.api.errorName?.(error.code) ?? error.busName;
  }
  #removed(object: TreeObject): void {
    this.tree.delete(object);
    this.#announcements.removed(object);
  }
}

/** By the name that was called; a call to the unique name goes to the API with the longest root above the path. */
export function apiOfCall(
  apis: readonly ApiTree[],
  { destination, path }: { readonly destination: string | undefined; readonly path: string },
): ApiTree {
  const named = apis.find(({ busName }) => busName !== undefined && busName === destination);
  const above = apis.filter(({ root }) => isAtOrBelow(path, root));
  const longest = above.reduce<ApiTree | undefined>(
    (best, api) => (best && best.root.length >= api.root.length ? best : api),
    undefined,
  );
  return named ?? longest ?? (apis[0] as ApiTree);
}

const isAtOrBelow = (path: string, root: string): boolean =>
  root === "/" || path === root || path.startsWith(`${root}/`);
