import { useState } from "preact/hooks";
import type { CsvColumn } from "../../../device/core/toCsv.ts";
import type { ResponseOf } from "../../../provisioning/contract/http/route.ts";
import type { Routes } from "../../../provisioning/contract/http/routes.ts";
import type { AuditEntry } from "../../../provisioning/contract/http/shapes.ts";
import { Button } from "../../kit/controls/Button.tsx";
import { useLoaded } from "../model/useLoaded.ts";
import { OlderButton } from "./OlderButton.tsx";
import { moment } from "./roomWords.ts";
import { SaveButtons } from "./SaveButtons.tsx";
import type { ScreenProps } from "./ScreenProps.ts";
import { TroubleLine } from "./TroubleLine.tsx";

const columns: CsvColumn<AuditEntry>[] = [
	{ title: "seq", of: ({ seq }) => String(seq) },
	{ title: "at", of: ({ at }) => at },
	{ title: "actor", of: ({ actor }) => actor },
	{ title: "action", of: ({ action }) => action },
	{ title: "target", of: ({ target }) => target ?? "" },
	{ title: "detail", of: ({ detail }) => JSON.stringify(detail) },
	{ title: "hash", of: ({ hash }) => hash },
];

type Verification = ResponseOf<Routes["audit.verify"]>;

/** What was done, and whether the log is whole. */
export function AuditScreen({ model, say }: ScreenProps) {
	const [older, setOlder] = useState<AuditEntry[]>([]);
	const [next, setNext] = useState<string | null | undefined>(undefined);
	const [verified, setVerified] = useState<Verification | null>(null);
	const loaded = useLoaded(model, "audit", (signal) =>
		model.client.call("audit.list", { query: { limit: "100" } }, signal),
	);
	const items = [...(loaded.value?.items ?? []), ...older];
	const cursor = next === undefined ? (loaded.value?.next ?? null) : next;
	return (
		<section aria-labelledby="audit-title">
			<header class="head">
				<h1 id="audit-title">{say.audit.title}</h1>
				<div class="actions">
					<Button onPress={() => void model.perform(async () => setVerified(await model.client.call("audit.verify")))}>
						{say.audit.verify}
					</Button>
					<SaveButtons name="audit" rows={items} columns={columns} say={say} />
				</div>
			</header>
			{verified ? (
				<p class={`line ${verified.whole ? "calm" : "alarm"}`} role="status">
					{verified.whole ? say.audit.whole(verified.entries) : say.audit.broken(verified.brokenAt ?? 0)}{" "}
					<span class="code">{verified.head.slice(0, 16)}</span>
				</p>
			) : null}
			<TroubleLine trouble={loaded.trouble} say={say} />
			<div class="card scroll">
				<table>
					<thead>
						<tr>
							<th scope="col">{say.audit.when}</th>
							<th scope="col">{say.audit.who}</th>
							<th scope="col">{say.audit.what}</th>
							<th scope="col">{say.audit.target}</th>
							<th scope="col">{say.audit.detail}</th>
						</tr>
					</thead>
					<tbody>
						{items.map((entry) => (
							<tr key={entry.seq}>
								<td>{moment(entry.at, say.locale)}</td>
								<td class="mono">{entry.actor}</td>
								<td>{entry.action}</td>
								<td class="mono">{entry.target ?? ""}</td>
								<td class="muted">
									{Object.entries(entry.detail)
										.map(([key, value]) => `${key} ${value}`)
										.join(" · ")}
								</td>
							</tr>
						))}
					</tbody>
				</table>
			</div>
			{cursor ? (
				<OlderButton
					say={say}
					onPress={() =>
						model.perform(async () => {
							const page = await model.client.call("audit.list", { query: { limit: "100", after: cursor } });
							setOlder([...older, ...page.items]);
							setNext(page.next);
						})
					}
				/>
			) : null}
		</section>
	);
}
