import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Validator } from "@seriousme/openapi-schema-validator";
import { describe, expect, test } from "vitest";
import * as z from "zod";
import type { Route } from "../../../provisioning/contract/http/route.ts";
import { routes } from "../../../provisioning/contract/http/routes.ts";
import { presence } from "../../../provisioning/contract/ring.ts";
import { twinDoc } from "../../../provisioning/contract/twin.ts";
import { contractDocs, docsFolder, writtenDocs } from "../../../tools/contract-docs.ts";
import { samples, twin } from "../service/api/samples.ts";

const docs = contractDocs();
const read = (name: string) => JSON.parse(docs.get(name) as string) as Record<string, unknown>;

describe("docs/api", () => {
	test("is what the contract says: after a change, run `node tools/contract-docs.ts`", () => {
		expect(writtenDocs()).toEqual([...docs.keys()].sort());
		for (const [name, text] of docs) expect(readFileSync(join(docsFolder, name), "utf8")).toBe(text);
	});

	test("is the same each time it is made", () => {
		expect([...contractDocs()]).toEqual([...docs]);
	});

	test("is valid OpenAPI 3.1", async () => {
		const validator = new Validator();
		expect(await validator.validate(read("openapi.json"))).toEqual({ valid: true });
		expect(validator.version).toBe("3.1");
		// each reference leads somewhere
		expect(JSON.stringify(validator.resolveRefs())).not.toContain('"$ref"');
	});

	test("describes each route: where, who, what is asked and answered", () => {
		const { paths } = read("openapi.json") as { paths: Record<string, Record<string, Record<string, unknown>>> };
		const described = Object.values(paths).flatMap((methods) =>
			Object.values(methods).map((each) => each["operationId"]),
		);
		expect(described.sort()).toEqual(Object.keys(routes).sort());
		for (const [id, route] of Object.entries(routes) as [string, Route][]) {
			const operation = paths[route.path]?.[route.method.toLowerCase()];
			expect(operation).toMatchObject({ operationId: id, summary: route.summary });
			expect(operation?.["requestBody"] !== undefined).toBe(route.body !== undefined);
			expect(operation?.["responses"]).toHaveProperty(route.response ? "200" : "204");
			for (const [code, status] of Object.entries(route.errors ?? {})) {
				const answers = operation?.["responses"] as Record<string, { description: string }> | undefined;
				expect(answers?.[status]?.description).toContain(code);
			}
		}
	});
});

describe("the schemas for others", () => {
	test("take what the contract takes, and refuse what it refuses", () => {
		const schemas = [...docs.keys()].filter((name) => name.startsWith("schemas/"));
		expect(schemas).toHaveLength(24);
		for (const name of schemas) {
			const schema = read(name);
			expect(schema).toMatchObject({ $schema: "https://json-schema.org/draft/2020-12/schema" });
			expect(z.fromJSONSchema(schema).safeParse({}).success).toBe(false);
		}
		const envelope = { v: 1, mid: "A".repeat(22), ts: 1 };
		const cases = [
			{ name: "presence", schema: presence, value: { ...envelope, epoch: 1, online: true } },
			{ name: "twinDoc", schema: twinDoc, value: twin() },
		];
		for (const { name, schema, value } of cases) {
			const foreign = z.fromJSONSchema(read(`schemas/${name}.json`));
			// readers ignore what they do not know
			for (const good of [value, { ...value, later: 1 }]) {
				expect([schema.safeParse(good).success, foreign.safeParse(good).success]).toEqual([true, true]);
			}
			for (const key of Object.keys(value)) {
				for (const bad of [
					{ ...value, [key]: [[]] },
					Object.fromEntries(Object.entries(value).filter(([k]) => k !== key)),
				]) {
					expect([schema.safeParse(bad).success, foreign.safeParse(bad).success]).toEqual([false, false]);
				}
			}
		}
	});

	test("of the API's requests refuse unknown keys, as the service does", () => {
		const { paths } = read("openapi.json") as { paths: Record<string, Record<string, unknown>> };
		const put = JSON.stringify(paths["/devices/{id}/twin"]?.["put"]);
		expect(put).toContain('"additionalProperties":false');
		expect(routes["devices.twin"].body.safeParse(samples["devices.twin"].body).success).toBe(true);
	});
});
