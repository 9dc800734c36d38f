import { fileURLToPath } from "node:url";
import { type Service, startService } from "../../../provisioning/service/startService.ts";
import { buildPage } from "../../../tools/build-ui.ts";

/** The built page and the rendezvous, as the service serves them, on a free loopback port. */
export async function startGuestServer(): Promise<Service> {
	await buildPage("guest");
	return startService({ port: 0, guestFolder: fileURLToPath(new URL("../../../build/ui/guest", import.meta.url)) });
}
