import type { JobState } from "../../../provisioning/contract/jobs.ts";
import type { SimulatedDevice } from "./SimulatedDevice.ts";

const way: readonly JobState[] = [
	"ACCEPTED",
	"DOWNLOADING",
	"STAGED",
	"WAITING",
	"INSTALLING",
	"REBOOTING",
	"PROBATION",
];

/** Lets a device do each job that it is given, at once and well: it boots what it was asked to. */
export function walkThroughJobs(device: SimulatedDevice): void {
	const done = new Set<string>();
	device.events.on("job", (job) => {
		if (!job || done.has(job.jobId)) return;
		done.add(job.jobId);
		void (async () => {
			let seq = 0;
			for (const state of way) await device.reportJob(job.jobId, { seq: ++seq, state });
			await device.reportJob(job.jobId, { seq: ++seq, state: "SUCCEEDED", slot: "B", digest: job.spec.digest });
			device.facts = { ...device.facts, firmware: job.spec.version, slot: "B" };
			await device.report();
			// A broken connection: the service's job waits for what comes after.
		})().catch(() => done.delete(job.jobId));
	});
}
