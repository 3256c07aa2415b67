/** An exchange in the words that people follow. Pure. */
import type { ProtocolStep } from "../handler.ts";
import type { Dhcp4State } from "./machine.ts";

export interface StepFacts {
  /** The address that we have, or had here once. */
  readonly known: string | undefined;
  /** The latest server's grant. */
  readonly offered: { readonly address: string; readonly server: string } | undefined;
  /** The server of the lease in use. */
  readonly server: string | undefined;
  readonly waitMs: number;
}

type Sentence = (facts: StepFacts) => string | undefined;

/** Renewing goes by itself: on a healthy network nothing is told for months. */
const sentences: Partial<Record<Dhcp4State, Sentence>> = {
  init: ({ waitMs }) => (waitMs > 0 ? `waits ${Math.ceil(waitMs / 1000)} s before it asks again` : undefined),
  selecting: ({ known }) => `asks for an address${known === undefined ? "" : `, best ${known} again`}`,
  requesting: ({ offered }) => offered && `${offered.server} offers ${offered.address}; asks for it`,
  rebooting: ({ known }) => `asks whether ${known} still holds`,
  checking: ({ offered }) => offered && `probes whether ${offered.address} is free`,
  rebinding: ({ server }) => `${server ?? "the server"} does not answer; asks all servers`,
};

/** Undefined: nothing that a person would follow. */
export function stepInto(state: Dhcp4State, facts: StepFacts): ProtocolStep | undefined {
  const text = sentences[state]?.(facts);
  return text === undefined ? undefined : { kind: "asking", text: `DHCP ${text}` };
}
