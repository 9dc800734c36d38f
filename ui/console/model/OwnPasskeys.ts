import { signal } from "@preact/signals";
import {
	type PublicKeyCredentialCreationOptionsJSON,
	type PublicKeyCredentialRequestOptionsJSON,
	startAuthentication,
	startRegistration,
} from "@simplewebauthn/browser";
import { FleetFailure } from "../../../provisioning/contract/http/FleetClient.ts";
import type { ConsoleModel } from "./ConsoleModel.ts";

/** Which of the browser's questions is open: for a passkey that is there, or for a new one. */
export type PasskeyStep = "confirm" | "create";

/** What people do with their own passkeys. Each resolves with whether it went well; what went wrong is the model's trouble. */
export class OwnPasskeys {
	readonly step = signal<PasskeyStep | null>(null);
	readonly #model: ConsoleModel;

	constructor(model: ConsoleModel) {
		this.#model = model;
	}

	add(name: string): Promise<boolean> {
		const { client } = this.#model;
		return this.#perform(async () => {
			const { challengeId, options } = await this.#fresh(() => client.call("passkeys.begin"));
			this.step.value = "create";
			const answer = await startRegistration({
				optionsJSON: options as unknown as PublicKeyCredentialCreationOptionsJSON,
			});
			await client.call("passkeys.add", { body: { challengeId, answer: { ...answer }, name } });
			await this.#model.lookAgain();
		});
	}

	rename(id: string, name: string): Promise<boolean> {
		return this.#perform(async () => {
			await this.#model.client.call("passkeys.rename", { params: { id }, body: { name } });
		});
	}

	/** Of the one that this session belongs to, it leads back to signing in. */
	remove(id: string): Promise<boolean> {
		return this.#perform(async () => {
			await this.#fresh(() => this.#model.client.call("passkeys.remove", { params: { id } }));
			await this.#model.lookAgain();
		});
	}

	/** Where that needs a fresh session, the person proves by a passkey to be still there, and it is asked once more. */
	async #fresh<T>(ask: () => Promise<T>): Promise<T> {
		try {
			return await ask();
		} catch (thrown) {
			if (!(thrown instanceof FleetFailure) || thrown.code !== "api.sign_in_again") throw thrown;
		}
		const { client } = this.#model;
		const { challengeId, options } = await client.call("session.beginConfirming");
		this.step.value = "confirm";
		const answer = await startAuthentication({
			optionsJSON: options as unknown as PublicKeyCredentialRequestOptionsJSON,
		});
		await client.call("session.confirm", { body: { challengeId, answer: { ...answer } } });
		return ask();
	}

	async #perform(action: () => Promise<void>): Promise<boolean> {
		try {
			return await this.#model.perform(action);
		} finally {
			this.step.value = null;
		}
	}
}
