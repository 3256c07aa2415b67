/** The objects that requests to the kernel name. */
import type { KernelError, KernelRequest } from "../../rtnl/rtnl.ts";
import { addressKey, linkOfRoute, linkOfRule, routeKey, ruleKey } from "./marks.ts";

/** The link that the request serves; undefined: all of them. */
export function linkOfRequest(request: KernelRequest): number | undefined {
  switch (request.op) {
    case "set-link":
    case "delete-link":
    case "resolve-neighbour":
    case "put-shaper":
    case "delete-shaper":
    case "add-ingress":
    case "delete-ingress":
      return request.link;
    case "put-address":
    case "delete-address":
      return request.address.link;
    case "put-route":
    case "delete-route":
      return linkOfRoute(request.route);
    case "add-rule":
    case "delete-rule":
      return linkOfRule(request.rule);
    case "add-link":
    case "add-policer":
      return undefined;
  }
}

/** The key of the object that the request puts; undefined when it puts none. */
export function putKey(request: KernelRequest): string | undefined {
  switch (request.op) {
    case "put-address":
      return addressKey(request.address);
    case "put-route":
      return routeKey(request.route);
    case "add-rule":
      return ruleKey(request.rule);
    default:
      return undefined;
  }
}

const goneCodes: ReadonlySet<string> = new Set(["ESRCH", "ENOENT", "EADDRNOTAVAIL", "ENODEV"]);

/** The object to delete is gone already, or the one to add is there already: the kernel was faster than the news. */
export function isHarmlessRefusal(request: KernelRequest, { code }: KernelError): boolean {
  if (request.op.startsWith("delete-")) return goneCodes.has(code);
  return request.op === "add-rule" && code === "EEXIST";
}
