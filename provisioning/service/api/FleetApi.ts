import type { FastifyInstance, FastifyRequest } from "fastify";
import type { Clock } from "../../../device/core/clock.ts";
import type { Log } from "../../../device/core/log.ts";
import { RoomError } from "../../../device/core/RoomError.ts";
import type { Role } from "../../contract/http/route.ts";
import type { Database } from "../db/Database.ts";
import type { FleetMetrics } from "../metrics/FleetMetrics.ts";
import { type MetricsRouteOptions, metricsRoute } from "../metrics/metricsRoute.ts";
import { Callers } from "./Callers.ts";
import type { FleetDuties } from "./FleetDuties.ts";
import type { Handlers } from "./Handlers.ts";
import { auditHandlers } from "./handlers/audit.ts";
import { summariesOf } from "./handlers/deviceSummaries.ts";
import { deviceHandlers } from "./handlers/devices.ts";
import { enrolmentHandlers } from "./handlers/enrolments.ts";
import { eventHandlers } from "./handlers/events.ts";
import { liveHandlers } from "./handlers/live.ts";
import { passkeyHandlers } from "./handlers/passkeys.ts";
import { peopleHandlers } from "./handlers/people.ts";
import { type Firmware, releaseHandlers } from "./handlers/releases.ts";
import { rolloutHandlers } from "./handlers/rollouts.ts";
import { sessionHandlers } from "./handlers/session.ts";
import { LiveHub } from "./live/LiveHub.ts";
import { type RegisterApiOptions, registerApi } from "./registerApi.ts";
import { ApiTokens } from "./signIn/ApiTokens.ts";
import { Challenges } from "./signIn/Challenges.ts";
import { type Invitation, Invitations } from "./signIn/Invitations.ts";
import { inviteFirstAdmin } from "./signIn/inviteFirstAdmin.ts";
import { OwnPasskeys } from "./signIn/OwnPasskeys.ts";
import { Passkeys } from "./signIn/Passkeys.ts";
import { People } from "./signIn/People.ts";
import { Registrations } from "./signIn/Registrations.ts";
import { RelyingParty } from "./signIn/RelyingParty.ts";
import { Sessions } from "./signIn/Sessions.ts";
import { tidySignIn } from "./signIn/tidySignIn.ts";

export interface FleetApiOptions {
	database: Database;
	duties: FleetDuties;
	clock: Clock;
	log: Log;
	/**
	 * Where people open the console: `https://fleet.example.org`, or `http://localhost:8080` on one machine. Passkeys belong to its host
	 * name for ever; an address (127.0.0.1) can't have any.
	 */
	origin: string;
	/** This installation's name. */
	name: string;
	metrics: FleetMetrics;
	/** Who may read `/metrics`; absent: who has a token with the scope `metrics`. */
	metricsFor?: MetricsRouteOptions["audience"];
	/** What can be rolled out; absent: whatever somebody names. */
	firmware?: Firmware;
	addressOf?: (request: FastifyRequest) => string;
	limits?: RegisterApiOptions["limits"];
}

const TIDY_MS = 10 * 60_000;

/** The fleet's HTTP API of one worker: what the contract's table says, put together. */
export class FleetApi {
	readonly #options: FleetApiOptions;
	readonly #invitations: Invitations;

	private constructor(options: FleetApiOptions) {
		this.#options = options;
		this.#invitations = new Invitations({ clock: options.clock, origin: options.origin });
	}

	/** Adds `/api/1` and `/metrics` to `app`, before it listens. Error: `api.origin_unusable`. */
	static async register(app: FastifyInstance, options: FleetApiOptions): Promise<FleetApi> {
		checkOrigin(options.origin);
		const api = new FleetApi(options);
		await api.#register(app);
		return api;
	}

	/** A link by which somebody becomes what `role` says; on behalf of whoever has this machine. */
	async invite(role: Role): Promise<Invitation> {
		const { db } = this.#options.database;
		return db.transaction().execute((trx) => this.#invitations.create(trx, { role, by: "service" }));
	}

	/** While nobody can let others in: writes a link for the first admin into `file` (0600). Null: not needed. */
	inviteFirstAdmin(file: string): Promise<Invitation | null> {
		const { database, clock } = this.#options;
		return inviteFirstAdmin({ db: database.db, invitations: this.#invitations, clock, file });
	}

	async #register(app: FastifyInstance): Promise<void> {
		const { database, duties, clock, log, origin, name: fleet, metrics } = this.#options;
		const { db } = database;
		const invitations = this.#invitations;
		const sessions = new Sessions({ db, clock });
		const tokens = new ApiTokens({ db, clock });
		const people = new People({ db, clock, sessions, tokens, invitations });
		const challenges = new Challenges({ db, clock });
		const webauthn = { db, clock, sessions, challenges, relyingParty: new RelyingParty({ origin, fleet }) };
		const passkeys = new Passkeys(webauthn);
		const registrations = new Registrations({ ...webauthn, invitations });
		const hub = new LiveHub({ database, summaries: (ids) => summariesOf(db, ids), clock });
		const handlers: Handlers = {
			...sessionHandlers({ db, passkeys, registrations, people, sessions, fleet }),
			...passkeyHandlers({ own: new OwnPasskeys(webauthn) }),
			...peopleHandlers({ db, people, tokens, invitations }),
			...deviceHandlers({ db, duties }),
			...eventHandlers({ db }),
			...enrolmentHandlers({ db, clock, enrolments: duties.enrolments }),
			...releaseHandlers({ firmware: this.#options.firmware ?? null }),
			...rolloutHandlers({ db, rollouts: duties.rollouts }),
			...auditHandlers({ db }),
			...liveHandlers({ hub }),
		};
		const { addressOf, limits, metricsFor } = this.#options;
		const from = addressOf ? { addressOf } : {};
		await registerApi(app, {
			handlers,
			callers: new Callers({ sessions, tokens }),
			origin,
			clock,
			log,
			...from,
			...(limits ? { limits } : {}),
			onAnswer: (route, status, seconds) => metrics.answered(route, status, seconds),
		});
		metrics.watchers(() => hub.watchers);
		metricsRoute(app, { metrics, tokens, clock, ...from, ...(metricsFor ? { audience: metricsFor } : {}) });
		let closed = false;
		let cancelTidy = () => {};
		const tidyLater = () => {
			if (closed) return;
			cancelTidy = clock.after(TIDY_MS, () => {
				// The database away: next time.
				tidySignIn(db, clock.now()).then(tidyLater, tidyLater);
			});
		};
		tidyLater();
		app.addHook("preClose", async () => hub.close());
		app.addHook("onClose", async () => {
			closed = true;
			cancelTidy();
		});
	}
}

/** A wrong one would show only when nobody can sign in. */
function checkOrigin(origin: string): void {
	const url = URL.canParse(origin) ? new URL(origin) : null;
	const usable =
		url?.origin === origin &&
		(url.protocol === "https:" || (url.protocol === "http:" && /(^|\.)localhost$/.test(url.hostname))) &&
		!/^[\d.]+$|^\[/.test(url.hostname);
	if (usable) return;
	throw new RoomError(
		"api.origin_unusable",
		"the fleet's origin must be https://name (or http://localhost), without a path: passkeys need a name and a secure page",
	);
}
