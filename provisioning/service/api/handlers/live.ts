import type { HandlersOf } from "../Handlers.ts";
import type { LiveHub } from "../live/LiveHub.ts";

export const liveHandlers = ({ hub }: { hub: LiveHub }): HandlersOf<"live"> => ({
	"live.watch": ({ actor, signal, stillAllowed }) => hub.watch({ actor, signal, stillAllowed }),
});
