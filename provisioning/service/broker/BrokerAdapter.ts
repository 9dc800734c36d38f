/**
 * What the fleet service asks of whoever runs its MQTT broker; nothing else in the service knows which one it is. The broker gives each
 * client the rights of `provisioning/contract/topics.ts`: devices by their certificate's CN, which is user name and client id whatever they
 * claim; workers on a listener of their own, by a certificate of the authority's root for workers; anybody else only on the bootstrap
 * listener, by a client id that is no device's.
 */
export interface BrokerAdapter {
	/** Where devices connect, by certificate: `mqtts://host:port`. */
	readonly url: string;
	/** Where the service's workers do, by `FleetCa.issueWorker`'s; as client id they take their name. */
	readonly serviceUrl: string;
	/** Where somebody without a certificate does, to enrol; null: nowhere. */
	readonly bootstrapUrl: string | null;
	/**
	 * The certificates (DER) that the bootstrap listener showed lately, the present one first: an enrolment proves that both sides saw the
	 * same one. Errors: `broker.unreachable`.
	 */
	bootstrapCertificates(): Promise<readonly Uint8Array[]>;
	/**
	 * Makes the broker heed the authority's newest revocation list. Resolves when it was seen to refuse a certificate of that list; live
	 * sessions go on. Error: `broker.revocations_unheeded`.
	 */
	publishRevocations(): Promise<void>;
	/**
	 * Throws a device out whose certificates are on the authority's list: the list is published, then its session ended. Its last will is
	 * sent. Other sessions are not touched. Errors: `broker.revocations_unheeded`, `broker.unreachable`.
	 */
	revoke(deviceId: string): Promise<void>;
	/** Ends what the adapter runs: a private broker, its timers; a broker that is run elsewhere goes on. */
	close(): Promise<void>;
}
