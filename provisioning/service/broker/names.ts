import { reservedNamePrefix } from "../../contract/topics.ts";

/** The bootstrap broker's name on the devices' broker. */
export const BOOTSTRAP = `${reservedNamePrefix}bootstrap`;
/** Who looks whether a broker answers, and what it refuses. */
export const PROBE = `${reservedNamePrefix}probe`;
