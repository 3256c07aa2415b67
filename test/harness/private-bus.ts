// The lab needs the same bus; programs of src/ cannot import from here, so the code lives there.
export { type PrivateBus, type PrivateBusOptions, startPrivateBus } from "../../src/lab/world/private-bus.ts";
