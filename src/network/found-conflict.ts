/** Another host that has an address of ours. */
export interface FoundConflict {
  readonly address: string;
  /** The other host's. */
  readonly mac: string;
  /** `kept`: a person has fixed the address. `declined`: the server was told, and another one is asked for. */
  readonly outcome: "kept" | "declined";
}

const outcomes = { kept: "it stays, as it is fixed", declined: "another one is asked for" } as const;

/** For state reasons, events and the log. */
export const describeConflict = ({ address, mac, outcome }: FoundConflict): string =>
  `${address} is also used by ${mac}; ${outcomes[outcome]}`;
