/** Says 50 bytes to the port that it is given, each after the last came back, and ends. Nothing else happens in this program. */
import { openSerial } from "../../../../device/peripherals/link/openSerial.ts";

const path = process.argv[2] ?? "";
let heard = () => {};
const line = await openSerial({ path, baudRate: 9600 })(
	{ bytes: () => heard(), ended: () => process.exit(2) },
	new AbortController().signal,
);
const giveUp = setTimeout(() => process.exit(1), 20_000);
for (let i = 0; i < 50; i += 1) {
	const back = new Promise<void>((resolve) => {
		heard = resolve;
	});
	await line.write(Uint8Array.of(i));
	await back;
}
clearTimeout(giveUp);
await line.close();
