import type { Command } from "commander";
import { RoomError } from "../../../../device/core/RoomError.ts";
import type { Io } from "../../Io.ts";
import { lookAtTarget, refuseTarget } from "../flash/FlashTarget.ts";
import { type SetUpOptions, setUpOf } from "./setUpOf.ts";
import { partitionsOf, writeSetUp } from "./startPartition.ts";

/** Made at the first start (image/root/overlay/usr/lib/repart.d). */
export const DATA_PARTITION = "data";
const startedBefore =
	"This disk has been started before: its device takes a recovery certificate only if the holder of the one before has signed it (recovery-key new --replaces). Otherwise flash it again.\n";

/** `incamera image prepare`: what a device is told before its first start. */
export function prepareCommand(image: Command, io: Io, asJson: () => boolean): void {
	setUpOptions(
		image
			.command("prepare")
			.summary("tell a device, before its first start, its network, fleet and code")
			.description(
				"Writes incamera/setup.yaml onto the start partition of a flashed disk (or an unpacked image), held against the same schema as on the device. The device takes it at its next start, keeps it encrypted and wipes it there; a code enrols it by itself and is kept nowhere. An image that was prepared is not the signed one any more: flash first, then prepare, or do both by `image flash`.",
			)
			.argument("<disk>", "/dev/sdb, or a .img"),
	).action(async (disk: string, options: SetUpOptions) => {
		if (Object.keys(options).length === 0)
			throw new RoomError(
				"cli.usage",
				"nothing to tell: --setup, --fleet, --enrolment-code, --authority or --recovery-key",
			);
		const content = await setUpOf(options);
		const target = await lookAtTarget(disk);
		const refused = refuseTarget(target, 0);
		if (refused) throw refused;
		await writeSetUp(target.path, content);
		if (
			options.recoveryKey !== undefined &&
			(await partitionsOf(target.path)).some(({ name }) => name === DATA_PARTITION)
		)
			io.err(startedBefore);
		io.out(asJson() ? `${JSON.stringify({ disk: target.path, prepared: true })}\n` : `${target.name} is prepared.\n`);
	});
}

export const setUpOptions = (command: Command): Command =>
	command
		.option("--setup <yaml>", "the set-up file (docs/image.md)")
		.option("--fleet <address>", "where devices that nobody owns yet ask: mqtts://fleet.example.org:8884")
		.option("--enrolment-code <code>", "enrols the device by itself, once (incamera fleet enrol)")
		.option(
			"--authority <pem>",
			"of your own: vouches for rendezvous, calendar and downloads; again for another",
			(file, before: string[] = []) => [...before, file],
		)
		.option(
			"--recovery-key <certificate>",
			"IT's: recovery.pem (incamera image recovery-key new), at the first start only",
		);
