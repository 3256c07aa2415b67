import type { Guest } from "../machine/guest.ts";

/** One radio for the station, one for each access point. It lasts for as long as a person wants to look at it. */
export const guest: Guest = { init: "bare", radios: 3, limitSeconds: 24 * 3600 };
