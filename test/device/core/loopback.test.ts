import { describe, expect, test } from "vitest";
import { isLoopback, isProtected } from "../../../device/core/loopback.ts";

describe("this machine", () => {
	test.each(["localhost", "127.0.0.1", "127.255.0.3", "::1", "[::1]"])("is %s", (host) => {
		expect(isLoopback(host)).toBe(true);
	});
	test.each([
		"127.0.0.1.example.org",
		"x127.0.0.1",
		"127.1",
		"localhost.example.org",
		"0.0.0.0",
		"::",
		"192.0.2.1",
		"",
	])("is not %j", (host) => {
		expect(isLoopback(host)).toBe(false);
	});
});

describe("nobody on the way can read", () => {
	test.each(["https://example.org/x", "http://localhost/x", "http://[::1]:80/x", "http://127.1/"])("%s", (address) => {
		expect(isProtected(new URL(address))).toBe(true);
	});
	test.each(["http://example.org/", "http://127.0.0.1.example.org/", "ftp://localhost/", "ws://localhost/"])(
		"but %s",
		(address) => {
			expect(isProtected(new URL(address))).toBe(false);
		},
	);
});
