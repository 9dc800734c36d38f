import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { REVOCATIONS_PATH } from "../../../provisioning/contract/rendezvous.ts";
import { FleetCa } from "../../../provisioning/service/ca/FleetCa.ts";
import { startService } from "../../../provisioning/service/startService.ts";
import { buildPage } from "../../../tools/build-ui.ts";
import { readRevoked } from "../../../ui/guest/model/revocations.ts";

const pin = (ca: FleetCa) => new Uint8Array(Buffer.from(ca.pin, "base64url"));

describe("the guest's list of revoked rooms", () => {
	let folder: string;
	let ca: FleetCa;
	let other: FleetCa;
	let revoked: string;
	const pemOf = async (name: string) =>
		(await Promise.all(["ca.pem", "crl.pem"].map((file) => readFile(join(folder, name, file), "utf8")))).join("\n");

	beforeAll(async () => {
		folder = await mkdtemp(join(tmpdir(), "incamera-revocations-"));
		ca = await FleetCa.open(join(folder, "ca"), { development: true });
		other = await FleetCa.open(join(folder, "other"), { development: true });
		revoked = (await ca.issueDevice("room-stolen")).serial;
		await ca.revoke(revoked);
	});
	afterAll(() => rm(folder, { recursive: true }));

	it("is what the service hands out, and names the revoked room", async () => {
		await buildPage("guest");
		const guestFolder = join(import.meta.dirname, "..", "..", "..", "build", "ui", "guest");
		const service = await startService({ port: 0, guestFolder, caFolder: ca.folder });
		try {
			const text = await (await fetch(service.url + REVOCATIONS_PATH)).text();
			expect(text).not.toContain("PRIVATE");
			// beside the proof that each list brings
			expect([...(await readRevoked(text, pin(ca)))]).toContain(revoked.replace(/^0+/, ""));
		} finally {
			await service.close();
		}
	});

	it("counts only when the CA pinned in the link signed it", async () => {
		const mine = await pemOf("ca");
		expect((await readRevoked(mine, pin(other))).size).toBe(0);
		const foreignList = (await pemOf("ca")).replace(/-----BEGIN X509 CRL[\s\S]*/, "") + (await pemOf("other"));
		await expect(readRevoked(foreignList, pin(ca))).rejects.toMatchObject({
			code: "identity.revocation_list_refused",
		});
	});

	it.each(["", "no pem", "-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----"])("is empty for %j", async (text) => {
		expect((await readRevoked(text, pin(ca))).size).toBe(0);
	});
});
