/**
 * The port for questions to web servers that leave through one link: probes for captive portals, and the portal API of
 * RFC 8908. The real twin is `link-http.ts`, the fake `test/fakes/fake-http.ts`; one contract holds both.
 */

/** The link that a question leaves by, on any routes of the machine. */
export interface HttpLink {
  readonly name: string;
  /** The link's own addresses, without prefix length; at most one of each family is used. */
  readonly addresses: readonly string[];
  /** The link's own name servers: another link's may not know, or may not be reached. */
  readonly nameServers: readonly string[];
}

export interface HttpOrder {
  /** http or https. */
  readonly url: string;
  readonly link: HttpLink;
  /** Milliseconds for all of it: names, connection, redirects, body. */
  readonly timeLimitMs: number;
  /** Bytes of the body that are kept; the rest is not read. 65,536 when absent. */
  readonly mostBodyBytes?: number;
  /** Redirects to follow; 0 when absent: the redirect is the answer. */
  readonly mostRedirects?: number;
  readonly headers?: Readonly<Record<string, string>>;
}

/** How far a question came that has no answer. */
export type HttpPhase = "name" | "connection" | "tls" | "answer";

export type HttpResult =
  | {
      readonly kind: "answer";
      readonly status: number;
      /** Where a redirect leads, as an absolute URL; absent when the server named none that can be read. */
      readonly location?: string;
      readonly contentType?: string;
      readonly body: Buffer;
      readonly isBodyCut: boolean;
    }
  | { readonly kind: "failed"; readonly phase: HttpPhase; readonly isTimeout: boolean; readonly message: string }
  | { readonly kind: "aborted" };

export interface Http {
  /** Never rejects. Throws InvalidArguments for a URL that is no http or https URL. */
  get(order: HttpOrder, abort?: AbortSignal): Promise<HttpResult>;
}

export const defaultBodyBytes = 65_536;
/** Header lines of an answer together; a probe's answer has some hundred bytes. */
export const mostHeaderBytes = 16_384;
