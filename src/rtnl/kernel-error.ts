/** Names for errors and requests, shared by the kernel's port and its fake. */
import { constants } from "node:os";
import { type KernelError, type KernelRequest, KernelError as Refused } from "./rtnl.ts";

/** Names that are aliases on Linux; the kernel's documents use the other one. */
const aliases: ReadonlySet<string> = new Set(["EWOULDBLOCK", "ENOTSUP"]);

const namesByErrno: ReadonlyMap<number, string> = new Map(
  Object.entries(constants.errno)
    .filter(([name]) => !aliases.has(name))
    .map(([name, errno]) => [errno, name]),
);

/** `EEXIST` for 17; `E999` for a number without a name. */
export const errnoName = (errno: number): string => namesByErrno.get(errno) ?? `E${errno}`;

/** The number of an error name; throws on a name that Linux does not have. */
export function errnoOf(code: string): number {
  const errno = (constants.errno as Readonly<Record<string, number>>)[code];
  if (errno === undefined) throw new RangeError(`${code} is not an error of Linux`);
  return errno;
}

export const kernelError = (request: string, errno: number, detail?: string, attribute?: string): KernelError =>
  new Refused(request, errnoName(errno), errno, detail, attribute);

/** `put-route 10.0.0.0/8 link 3 table 254`: enough for a person to recognise the request; no secrets pass this port. */
export function describeRequest(request: KernelRequest): string {
  switch (request.op) {
    case "set-link":
      return `set-link ${request.link} ${JSON.stringify(request.change)}`;
    case "add-link":
      return `add-link ${request.link.name} kind ${request.link.kind}`;
    case "delete-link":
      return `delete-link ${request.link}`;
    case "put-address":
    case "delete-address": {
      const { address, prefixLength, link } = request.address;
      return `${request.op} ${address}/${prefixLength} link ${link}`;
    }
    case "put-route":
    case "delete-route": {
      const { destination, gateway, link, table, metric, type } = request.route;
      const via = gateway === undefined ? "" : ` via ${gateway}`;
      return `${request.op} ${type} ${destination}${via} link ${link ?? "-"} table ${table} metric ${metric}`;
    }
    case "add-rule":
    case "delete-rule": {
      const { family, priority, source, table } = request.rule;
      return `${request.op} IPv${family} ${priority} from ${source ?? "all"} table ${table}`;
    }
    case "resolve-neighbour":
      return `resolve-neighbour ${request.neighbour} link ${request.link}`;
    case "put-shaper":
      return `put-shaper link ${request.link} ${request.limit.bytesPerSecond} bytes/s`;
    case "add-policer":
      return `add-policer block ${request.block} ${request.limit.bytesPerSecond} bytes/s`;
    case "delete-shaper":
    case "add-ingress":
    case "delete-ingress":
      return `${request.op} link ${request.link}`;
  }
}
