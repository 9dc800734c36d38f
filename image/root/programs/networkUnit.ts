import type { SetUpFile } from "../../../provisioning/contract/setUpFile.ts";

/** systemd.network(5) for a fixed address. */
export function networkUnit({ address, gateway, dns = [], ntp = [] }: NonNullable<SetUpFile["network"]>): string {
	return [
		"[Match]",
		"Type=ether",
		"",
		"[Network]",
		`Address=${address}`,
		...(gateway ? [`Gateway=${gateway}`] : []),
		...dns.map((server) => `DNS=${server}`),
		...ntp.map((server) => `NTP=${server}`),
		"LLMNR=no",
		"MulticastDNS=no",
		"",
	].join("\n");
}
