/** Where in the console somebody is. It stands in the address's fragment, which no server sees: an invitation is a secret. */
export type Place =
	| { name: "rooms" }
	| { name: "room"; id: string }
	/** With a room's id: what that one told. */
	| { name: "events"; room?: string }
	| { name: "enrol" }
	| { name: "rollouts" }
	| { name: "rollout"; id: string }
	| { name: "audit" }
	| { name: "people" }
	| { name: "account" }
	| { name: "invitation"; secret: string };

const plain = ["rooms", "events", "enrol", "rollouts", "audit", "people", "account"] as const;

/** `#/rooms`, `#/rooms/<id>`, `#/events/<id>`, `#/rollouts/<id>`, `#/invite/<secret>`; anything else is the rooms. */
export function readPlace(fragment: string): Place {
	const [name = "", id = ""] = fragment.replace(/^#\/?/, "").split("/");
	if (/^[A-Za-z0-9_-]{1,80}$/.test(id)) {
		if (name === "rooms") return { name: "room", id };
		if (name === "events") return { name: "events", room: id };
		if (name === "rollouts") return { name: "rollout", id };
		if (name === "invite") return { name: "invitation", secret: id };
	}
	return { name: plain.find((known) => known === name) ?? "rooms" };
}

export function writePlace(place: Place): string {
	switch (place.name) {
		case "room":
			return `#/rooms/${place.id}`;
		case "events":
			return place.room === undefined ? "#/events" : `#/events/${place.room}`;
		case "rollout":
			return `#/rollouts/${place.id}`;
		case "invitation":
			return `#/invite/${place.secret}`;
		default:
			return `#/${place.name}`;
	}
}
