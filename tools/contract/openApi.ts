import * as z from "zod/mini";
import { API_ROOT, commonErrors, type Route, roles, scopes } from "../../provisioning/contract/http/route.ts";
import { routes } from "../../provisioning/contract/http/routes.ts";
import * as shapes from "../../provisioning/contract/http/shapes.ts";
import { firmwareSpec, jobState } from "../../provisioning/contract/jobs.ts";
import { deviceFacts, roomStatus, twinDoc, twinError } from "../../provisioning/contract/twin.ts";

type Json = { [key: string]: unknown };

/** What has a name in the description; the rest is written where it is used. */
const named = {
	ApiToken: shapes.apiToken,
	AuditEntry: shapes.auditEntry,
	Certificate: shapes.certificate,
	Command: shapes.command,
	CommandRecord: shapes.commandRecord,
	Device: shapes.device,
	DeviceFacts: deviceFacts,
	DeviceSummary: shapes.deviceSummary,
	Enrolment: shapes.enrolment,
	Event: shapes.event,
	Failure: shapes.failure,
	FirmwareSpec: firmwareSpec,
	JobState: jobState,
	LiveChange: shapes.liveChange,
	Person: shapes.person,
	Rollout: shapes.rollout,
	RolloutDevice: shapes.rolloutDevice,
	RoomStatus: roomStatus,
	Session: shapes.session,
	TwinDoc: twinDoc,
	TwinError: twinError,
	Wave: shapes.wave,
};

/** The HTTP API as OpenAPI 3.1, made from the contract's table. */
export function openApi(): Json {
	const writer = new SchemaWriter();
	const paths: { [path: string]: Json } = {};
	for (const [id, route] of Object.entries(routes) as [string, Route][]) {
		paths[route.path] = { ...paths[route.path], [route.method.toLowerCase()]: operation(writer, id, route) };
	}
	return {
		openapi: "3.1.0",
		info: {
			title: "InCamera fleet",
			version: "1",
			summary: "Rooms into service, configured, watched, updated and retired",
			description:
				"People sign in with a passkey and have a role; programs send an API token and have scopes. Unknown keys are refused. " +
				"Lists are read page by page: `next` of an answer is `after` of the next request, null: that was all.",
			license: { name: "Apache-2.0", identifier: "Apache-2.0" },
		},
		servers: [{ url: API_ROOT, description: "Of the fleet service's own origin" }],
		paths,
		components: {
			schemas: writer.components(),
			responses: Object.fromEntries(Object.keys(commonErrors).map((code) => [code, failure([code])])),
			securitySchemes: {
				session: {
					type: "apiKey",
					in: "cookie",
					name: "__Host-incamera",
					description: `A person's session. Roles: ${roles.join(", ")}. Without TLS, on localhost, the cookie is called incamera.`,
				},
				token: { type: "http", scheme: "bearer", description: `An API token, ict_…. Scopes: ${scopes.join(", ")}.` },
			},
		},
	};
}

function operation(writer: SchemaWriter, id: string, route: Route): Json {
	const { access, summary, params, query, body, response, stream } = route;
	const answered = response
		? { content: { [stream ? "text/event-stream" : "application/json"]: { schema: writer.write(response) } } }
		: {};
	return {
		operationId: id,
		tags: [id.split(".")[0]],
		summary,
		description: who(route),
		security: access === "public" ? [] : [{ session: [] }, ...(tokenScope(route) ? [{ token: [] }] : [])],
		"x-roles": typeof access === "object" ? access.roles : access,
		"x-scope": tokenScope(route),
		...(params || query
			? { parameters: [...parameters(writer, "path", params), ...parameters(writer, "query", query)] }
			: {}),
		...(body
			? { requestBody: { required: true, content: { "application/json": { schema: writer.write(body) } } } }
			: {}),
		responses: {
			[response ? "200" : "204"]: {
				description: stream ? "Server-sent events, one of these each" : "Done",
				...answered,
			},
			...failures(route),
		},
	};
}

const tokenScope = ({ access }: Route): string | null => (typeof access === "object" ? access.scope : null);

function who({ access }: Route): string {
	if (access === "public") return "For anybody.";
	if (access === "signed-in") return "For whoever is signed in.";
	const people = `For people who are ${access.roles.join(", ")}`;
	return access.scope ? `${people}; for tokens with the scope ${access.scope}.` : `${people}; not for tokens.`;
}

function parameters(writer: SchemaWriter, place: "path" | "query", schema: z.ZodMiniObject | undefined): Json[] {
	if (!schema) return [];
	return Object.entries(schema.shape as Record<string, z.ZodMiniType>).map(([name, value]) => ({
		name,
		in: place,
		required: place === "path" || !value.safeParse(undefined).success,
		schema: writer.write(value),
	}));
}

/** One answer a status, with the codes that it can have. */
function failures({ access, errors = {} }: Route): Json {
	const codes = Object.entries({ ...commonErrors, ...errors }).filter(
		([code]) => access !== "public" || code !== "api.not_signed_in",
	);
	const byStatus = Object.groupBy(codes, ([, status]) => String(status));
	return Object.fromEntries(
		Object.entries(byStatus).map(([status, each = []]) => {
			const [code, ...more] = each.map(([name]) => name);
			const isCommon = code && more.length === 0 && code in commonErrors;
			return [status, isCommon ? { $ref: `#/components/responses/${code}` } : failure(each.map(([name]) => name))];
		}),
	);
}

const failure = (codes: readonly string[]): Json => ({
	description: codes.map((code) => `\`${code}\``).join(", "),
	content: { "application/json": { schema: { $ref: "#/components/schemas/Failure" } } },
});

/** Writes schemas as JSON Schema, with references to those that have a name. */
class SchemaWriter {
	readonly #names = z.registry<{ id: string }>();
	readonly #components: { [name: string]: unknown } = {};

	constructor() {
		for (const [id, schema] of Object.entries(named)) this.#names.add(schema, { id });
		for (const schema of Object.values(named)) this.write(schema);
	}

	write(schema: z.ZodMiniType): unknown {
		const { $schema: _, $defs = {}, ...rest } = z.toJSONSchema(schema, { metadata: this.#names }) as Json;
		for (const [name, definition] of Object.entries($defs as Json)) {
			const { id: __, ...clean } = definition as Json;
			this.#components[name] = relocate(clean);
		}
		return relocate(rest);
	}

	components(): Json {
		return Object.fromEntries(Object.entries(this.#components).sort(([a], [b]) => (a < b ? -1 : 1)));
	}
}

function relocate(value: unknown): unknown {
	if (typeof value === "string") return value.replace(/^#\/\$defs\//, "#/components/schemas/");
	if (typeof value !== "object" || value === null) return value;
	if (Array.isArray(value)) return value.map(relocate);
	return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, relocate(inner)]));
}
