// The lab waits in the same way; programs of src/ cannot import from here, so the code lives there.
export { patienceMs, until, within } from "../../src/lab/world/until.ts";
