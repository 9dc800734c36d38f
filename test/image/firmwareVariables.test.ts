import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { firmwareVariables, guid, signatureList } from "../../image/run/firmwareVariables.ts";

/** An empty memory as OVMF has it: the volume's header, the store's, and erased flash. */
function emptyMemory(): Buffer {
	const memory = Buffer.alloc(64 * 1024, 0xff);
	memory.fill(0, 0, 0x48 + 28);
	guid("fff12b8d-7696-4c8b-a985-2747075b4f50").copy(memory, 16);
	memory.write("_FVH", 40, "latin1");
	memory.writeUInt16LE(0x48, 48);
	guid("aaf32c78-947b-439a-a180-2e144ec37792").copy(memory, 0x48);
	return memory;
}

/** The variables as the firmware would walk them (EDK II, VariableFormat.h). */
function read(memory: Buffer): Map<string, Buffer> {
	const found = new Map<string, Buffer>();
	let at = 0x48 + 28;
	while (memory.readUInt16LE(at) === 0x55aa) {
		const nameSize = memory.readUInt32LE(at + 36);
		const dataSize = memory.readUInt32LE(at + 40);
		const name = memory.toString("utf16le", at + 60, at + 60 + nameSize - 2);
		found.set(name, memory.subarray(at + 60 + nameSize, at + 60 + nameSize + dataSize));
		at = Math.ceil((at + 60 + nameSize + dataSize) / 4) * 4;
	}
	return found;
}

describe("the emulator's firmware memory", () => {
	it("has Secure Boot on, and our key as the only one, whatever its size", () => {
		fc.assert(
			fc.property(fc.uint8Array({ minLength: 1, maxLength: 2000 }), (certificate) => {
				const variables = read(firmwareVariables(emptyMemory(), Buffer.from(certificate)));
				expect([...variables.keys()]).toEqual(["SecureBootEnable", "db", "KEK", "PK"]);
				expect(variables.get("SecureBootEnable")).toEqual(Buffer.from([1]));
				for (const name of ["db", "KEK", "PK"]) {
					const list = variables.get(name) ?? Buffer.alloc(0);
					expect(list.readUInt32LE(16)).toBe(list.length);
					expect(list.subarray(44)).toEqual(Buffer.from(certificate));
				}
			}),
		);
	});

	it("writes a GUID as UEFI does", () => {
		expect(guid("8be4df61-93ca-11d2-aa0d-00e098032b8c").toString("hex")).toBe("61dfe48bca93d211aa0d00e098032b8c");
		expect(signatureList(Buffer.from("x")).length).toBe(28 + 16 + 1);
	});

	it("refuses a file that is no such memory, or one that has variables", () => {
		const full = firmwareVariables(emptyMemory(), Buffer.from("x"));
		for (const wrong of [Buffer.alloc(4096), full]) {
			expect(() => firmwareVariables(wrong, Buffer.from("x"))).toThrow(
				expect.objectContaining({ code: "image.not_firmware_memory" }),
			);
		}
	});
});
