// @peculiar/x509 needs the polyfill to be there first; whoever needs x509 in the service imports it from here.
import "reflect-metadata";
import * as x509 from "@peculiar/x509";

x509.cryptoProvider.set(globalThis.crypto);

/** The one kind of key and signature in the fleet. */
export const signing = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;

export { x509 };
