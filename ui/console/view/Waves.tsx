import type { Rollout } from "../../../provisioning/contract/http/shapes.ts";
import type { JobState } from "../../../provisioning/contract/jobs.ts";
import type { ConsoleWords } from "../words/ConsoleWords.ts";

const parts = ["succeeded", "under way", "failed", "silent"] as const;
type Part = (typeof parts)[number];
function partOf(state: JobState): Part {
	if (state === "SUCCEEDED") return "succeeded";
	if (state === "FAILED" || state === "ROLLED_BACK" || state === "REJECTED") return "failed";
	return state === "EXPIRED" || state === "CANCELLED" ? "silent" : "under way";
}

/** The waves as bars, as wide as the logarithm of their rooms, so that the first one is seen beside the last. */
export function Waves({ rollout, say }: { rollout: Rollout; say: ConsoleWords }) {
	return (
		<ol class="waves">
			{rollout.waves.map(({ size, counts, state }, index) => {
				const sums: Record<Part, number> = { succeeded: 0, "under way": 0, failed: 0, silent: 0 };
				for (const [job, count] of Object.entries(counts)) sums[partOf(job as JobState)] += count ?? 0;
				const text = say.rollouts.wave(index + 1, size, sums.succeeded, sums.failed);
				return (
					<li key={index} class={state} style={{ flexGrow: 1 + Math.log10(size) }}>
						<div class="bar" role="img" aria-label={text}>
							{parts.map((part) => (
								<i key={part} class={part.replace(" ", "-")} style={{ flexGrow: sums[part] }} />
							))}
							<i
								class="rest"
								style={{ flexGrow: Math.max(0, size - parts.reduce((sum, part) => sum + sums[part], 0)) }}
							/>
						</div>
						<span>
							{sums.succeeded}/{size}
							{sums.failed > 0 ? <b class="alarm-text"> {say.rollouts.failed(sums.failed)}</b> : null}
						</span>
					</li>
				);
			})}
		</ol>
	);
}
