import erase from "lucide:eraser";
import drive from "lucide:hard-drive";
import missing from "lucide:triangle-alert";
import type { InstallDisk } from "../../../provisioning/contract/installation.ts";
import { Heading } from "../../kit/controls/Heading.tsx";
import { HoldButton } from "../../kit/controls/HoldButton.tsx";
import { Icon } from "../../kit/icons/Icon.tsx";
import type { InstallerWords } from "../words/InstallerWords.ts";
import type { InstallerProps } from "./App.tsx";
import { Frame } from "./Frame.tsx";

/** Each disk with what would be lost on it; none is chosen before it was touched, and what erases it is held. */
export function ChooseScreen(props: InstallerProps) {
	const { model, words, told, language } = props;
	const { disks, version } = told;
	if (disks.every(({ refused }) => refused !== null)) return <NoDisk {...props} />;
	const chosen = model.chosen.value;
	return (
		<Frame
			name="choose"
			title={words.choose(version)}
			language={language}
			bar={
				<HoldButton
					kind="alarm"
					icon={erase}
					class="twice"
					disabled={chosen === null}
					onHeld={() => void model.install()}
				>
					{chosen === null ? words.touchOne : words.hold}
				</HoldButton>
			}
		>
			<p class="explain">{words.chooseExplain}</p>
			<ul class="disks">
				{disks.map((disk) => (
					<li key={disk.name}>
						<button
							type="button"
							class="card disk"
							aria-pressed={chosen === disk.name}
							disabled={disk.refused !== null}
							onClick={() => {
								model.chosen.value = disk.name;
							}}
						>
							<About disk={disk} words={words} />
						</button>
					</li>
				))}
			</ul>
		</Frame>
	);
}

function About({ disk, words }: { disk: InstallDisk; words: InstallerWords }) {
	const { name, model, bytes, removable, holds, refused } = disk;
	const said = refused === null ? words.holds[holds] : (words.refused[refused] ?? words.refused.other);
	return (
		<>
			<Icon drawing={drive} />
			<strong>{model ?? words.unknownDisk}</strong>
			<span class="size">{words.gigabytes(bytes / 1e9)}</span>
			<span class={refused === null && holds !== "nothing" ? "care" : "muted"}>
				{[name, ...(removable ? [words.removable] : []), said].join(" · ")}
			</span>
		</>
	);
}

function NoDisk({ words, told, language }: InstallerProps) {
	return (
		<Frame name="centred" language={language} bar={null}>
			<span class="failure-mark" aria-hidden="true">
				<Icon drawing={missing} />
			</span>
			<Heading>{words.noDisk}</Heading>
			<p class="explain">{words.noDiskNext}</p>
			<ul class="disks">
				{told.disks.map((disk) => (
					<li key={disk.name} class="card disk">
						<About disk={disk} words={words} />
					</li>
				))}
			</ul>
		</Frame>
	);
}
