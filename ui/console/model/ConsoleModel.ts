import { batch, signal } from "@preact/signals";
import {
	type AuthenticationResponseJSON,
	type PublicKeyCredentialCreationOptionsJSON,
	type PublicKeyCredentialRequestOptionsJSON,
	type RegistrationResponseJSON,
	startAuthentication,
	startRegistration,
} from "@simplewebauthn/browser";
import type { Locale } from "../../../device/contract/snapshot.ts";
import { FleetClient, FleetFailure } from "../../../provisioning/contract/http/FleetClient.ts";
import type { Session } from "../../../provisioning/contract/http/shapes.ts";
import { pickLocale } from "../../kit/i18n/languages.ts";
import { Live } from "./Live.ts";
import { OwnPasskeys } from "./OwnPasskeys.ts";
import { Rooms } from "./Rooms.ts";
import { type Place, readPlace, writePlace } from "./route.ts";

/** A code that the console has words for, of the API or of the browser. */
export type Trouble = { code: string; key: string | null };

/** Names of what navigator.credentials throws, and the library after it (Web Authentication Level 3, sections 5.1.3 and 5.1.4). */
const passkeyRefusals = new Set([
	"NotAllowedError",
	"AbortError",
	"SecurityError",
	"ConstraintError",
	"NotSupportedError",
	"UnknownError",
]);

/**
 * Of whatever was thrown. The browser's own refusals of a passkey are one: nobody can tell them apart for privacy's sake; but for an authenticator that
 * has one of this person already, which says so when that person has touched it.
 */
export function troubleOf(thrown: unknown): Trouble {
	if (thrown instanceof FleetFailure) return { code: thrown.code, key: thrown.key };
	if (thrown instanceof Error && thrown.name === "InvalidStateError")
		return { code: "console.passkey_there", key: null };
	if (thrown instanceof Error && passkeyRefusals.has(thrown.name)) {
		return { code: "console.passkey_cancelled", key: null };
	}
	return { code: "console.unexpected", key: null };
}

/** Everything the console's page knows. Each screen loads what it shows; rooms are kept here, since all screens come back to them. */
export class ConsoleModel {
	readonly client = new FleetClient({ origin: "" });
	readonly rooms = new Rooms(this.client);
	readonly live = new Live(this.client);
	readonly place = signal<Place>(readPlace(location.hash));
	readonly locale = signal<Locale>(pickLocale(navigator.languages));
	/** Undefined: not known yet; null: nobody is signed in. */
	readonly session = signal<Session | null | undefined>(undefined);
	readonly trouble = signal<Trouble | null>(null);
	readonly busy = signal(false);
	readonly passkeys = new OwnPasskeys(this);

	constructor() {
		this.live.changes.on("changed", (change) => this.rooms.take(change));
	}

	async open(): Promise<void> {
		// An invitation leaves the address bar before anything else.
		this.followAddress();
		if (this.place.value.name === "invitation") history.replaceState(null, "", "#/");
		try {
			this.#enter(await this.client.call("session.get"));
		} catch (thrown) {
			this.session.value = null;
			const trouble = troubleOf(thrown);
			if (trouble.code !== "api.not_signed_in") this.trouble.value = trouble;
		}
	}

	followAddress(): void {
		this.trouble.value = null;
		this.place.value = readPlace(location.hash);
	}

	go(place: Place): void {
		location.hash = writePlace(place);
	}

	/** Runs what a person asked for; what goes wrong is shown. Resolves with whether it went well. */
	async perform(action: () => Promise<void>): Promise<boolean> {
		batch(() => {
			this.busy.value = true;
			this.trouble.value = null;
		});
		try {
			await action();
			return true;
		} catch (thrown) {
			const trouble = troubleOf(thrown);
			batch(() => {
				this.trouble.value = trouble;
				if (trouble.code === "api.not_signed_in") this.#leave();
			});
			return false;
		} finally {
			this.busy.value = false;
		}
	}

	signIn(): Promise<boolean> {
		return this.perform(async () => {
			const { challengeId, options } = await this.client.call("session.begin");
			const answer: AuthenticationResponseJSON = await startAuthentication({
				optionsJSON: options as unknown as PublicKeyCredentialRequestOptionsJSON,
			});
			this.#enter(await this.client.call("session.create", { body: { challengeId, answer: { ...answer } } }));
		});
	}

	register(invitation: string, name: string): Promise<boolean> {
		return this.perform(async () => {
			const { challengeId, options } = await this.client.call("registration.begin", { body: { invitation, name } });
			const answer: RegistrationResponseJSON = await startRegistration({
				optionsJSON: options as unknown as PublicKeyCredentialCreationOptionsJSON,
			});
			this.#enter(await this.client.call("registration.create", { body: { challengeId, answer: { ...answer } } }));
			this.go({ name: "rooms" });
			this.place.value = { name: "rooms" };
		});
	}

	/** Looks again who is signed in: how many passkeys they have, or that the session is over. Error: `FleetFailure`. */
	async lookAgain(): Promise<void> {
		this.session.value = await this.client.call("session.get");
	}

	signOut(): Promise<boolean> {
		return this.perform(async () => {
			await this.client.call("session.delete");
			this.#leave();
		});
	}

	#enter(session: Session): void {
		this.session.value = session;
		if (session.person.role === "dpo") {
			if (this.place.value.name === "rooms") this.go({ name: "audit" });
			return;
		}
		// Its first word is that anything may have changed: then the rooms are loaded.
		this.live.open();
	}

	#leave(): void {
		this.live.close();
		this.rooms.clear();
		this.session.value = null;
	}
}
