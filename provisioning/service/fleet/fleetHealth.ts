import type { FastifyInstance } from "fastify";
import type { FleetWorker } from "./FleetWorker.ts";

/** `GET /healthz/fleet`: 200 if this worker has its broker and its database, else 503, each by name. */
export function fleetHealth(app: FastifyInstance, worker: Pick<FleetWorker, "health">): void {
	app.get("/healthz/fleet", async (_request, reply) => {
		const { broker, database } = await worker.health();
		return reply
			.code(broker && database ? 200 : 503)
			.header("cache-control", "no-store")
			.send({ broker, database });
	});
}
