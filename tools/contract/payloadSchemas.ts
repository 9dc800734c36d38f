import * as z from "zod/mini";
import { commandRequest, commandResponse } from "../../provisioning/contract/commands.ts";
import {
	certificateRequest,
	certificateResponse,
	enrolConfirm,
	enrolDown,
	enrolUp,
} from "../../provisioning/contract/enrolment.ts";
import { deviceEvent, eventData } from "../../provisioning/contract/events.ts";
import { jobNext, jobStatus } from "../../provisioning/contract/jobs.ts";
import { fromAgent, fromRoom } from "../../provisioning/contract/local.ts";
import { presence, ringFrame } from "../../provisioning/contract/ring.ts";
import { twinDesired, twinDoc, twinReported } from "../../provisioning/contract/twin.ts";

const events = Object.fromEntries(
	(Object.keys(eventData) as (keyof typeof eventData)[]).map((type) => [`event.${type}`, deviceEvent(type)]),
) as { [name: `event.${string}`]: z.ZodMiniType };

/** Every payload of the bus and of the agent's socket, by its name in `topics.ts`; title: what it is. */
const payloads: { [name: string]: { title: string; schema: z.ZodMiniType } } = {
	presence: { title: "ic/1/d/{id}/presence", schema: presence },
	ringFrame: { title: "ic/1/d/{to}/ring/{from}", schema: ringFrame },
	twinDesired: { title: "ic/1/d/{id}/twin/desired", schema: twinDesired },
	twinReported: { title: "ic/1/d/{id}/twin/reported", schema: twinReported },
	twinDoc: { title: "The document in a twin", schema: twinDoc },
	jobNext: { title: "ic/1/d/{id}/job/next", schema: jobNext },
	jobStatus: { title: "ic/1/d/{id}/job/{jobId}/st", schema: jobStatus },
	commandRequest: { title: "ic/1/d/{id}/cmd/req", schema: commandRequest },
	commandResponse: { title: "ic/1/d/{id}/cmd/res", schema: commandResponse },
	certificateRequest: { title: "ic/1/d/{id}/cert/req", schema: certificateRequest },
	certificateResponse: { title: "ic/1/d/{id}/cert/res", schema: certificateResponse },
	enrolConfirm: { title: "ic/1/d/{id}/enrol/confirm", schema: enrolConfirm },
	enrolUp: { title: "ic/1/enrol/{nonce}/up", schema: enrolUp },
	enrolDown: { title: "ic/1/enrol/{nonce}/down", schema: enrolDown },
	"local.fromAgent": { title: "A line from the agent to the room program", schema: fromAgent },
	"local.fromRoom": { title: "A line from the room program to the agent", schema: fromRoom },
	...Object.fromEntries(
		Object.entries(events).map(([name, schema]) => [name, { title: `ic/1/d/{id}/ev/${name.slice(6)}`, schema }]),
	),
};

/** JSON Schema 2020-12, as a reader needs it: unknown keys are to be ignored. */
export function payloadSchemas(): { [name: string]: object } {
	return Object.fromEntries(
		Object.entries(payloads).map(([name, { title, schema }]) => {
			const { $schema, ...rest } = z.toJSONSchema(schema, { io: "input" }) as { $schema: string };
			return [name, { $schema, $id: `${name}.json`, title, ...rest }];
		}),
	);
}
