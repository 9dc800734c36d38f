import chip from "lucide:cpu";
import usb from "lucide:usb";
import type { Firmware } from "../../../../device/contract/snapshot.ts";
import { HoldButton } from "../../../kit/controls/HoldButton.tsx";
import { Icon } from "../../../kit/icons/Icon.tsx";
import { de } from "../../words/firmware/de.ts";
import { en } from "../../words/firmware/en.ts";
import type { FirmwareWords } from "../../words/firmware/FirmwareWords.ts";
import type { PanelProps } from "../ScreenProps.ts";
import { whenOf } from "./whenOf.ts";

const languages = { de, en };
const reasonOf = (code: string, { reasons, otherReason }: FirmwareWords): string =>
	(reasons as Record<string, string | undefined>)[code] ?? otherReason;

/** Loaded when somebody looks: what runs on this device and what could, what an update does or why the last one failed, and what a stick brings. */
export function FirmwareRows(props: PanelProps) {
	const { firmware } = props.snapshot;
	if (firmware === null) return null;
	return (
		<>
			<Running {...props} firmware={firmware} />
			{firmware.stick === null ? null : <Stick {...props} stick={firmware.stick} running={firmware.version} />}
		</>
	);
}

function Running(props: PanelProps & { firmware: Firmware }) {
	const { snapshot, words, firmware } = props;
	const { update } = snapshot;
	const said = languages[snapshot.room.locale];
	const { slots, last } = firmware;
	return (
		<li class="device card firmware">
			<Icon drawing={chip} />
			<div class="device-what">
				<h2>
					{said.title} <small>{firmware.version}</small>
				</h2>
				{slots === null ? null : (
					<p class="muted">
						{slots.map(({ name, version, state }) => said.slot(name, version, said.states[state])).join(" · ")}
					</p>
				)}
			</div>
			{update === null ? (
				<p class="device-state">{last?.outcome === "succeeded" ? said.updated(whenOf(last.at, snapshot)) : null}</p>
			) : (
				<p class="device-state">
					<strong>{update.version}</strong>{" "}
					<span>
						{update.waitsFor === null ? words.update.states[update.state] : reasonOf(update.waitsFor, said)}
						{update.pct === null ? "" : ` · ${Math.round(update.pct)} %`}
					</span>
				</p>
			)}
			{last === null || last.outcome === "succeeded" || update !== null ? null : (
				<p class="device-failure">
					<strong>{said.outcomes[last.outcome](last.version)}</strong> {whenOf(last.at, snapshot)}.{" "}
					<Reason {...props} code={last.code} />
				</p>
			)}
		</li>
	);
}

function Stick(props: PanelProps & { stick: NonNullable<Firmware["stick"]>; running: string }) {
	const { model, snapshot, stick, running } = props;
	const said = languages[snapshot.room.locale];
	const intent = { type: "panel.install_stick", version: stick.version } as const;
	return (
		<li class="device card firmware">
			<Icon drawing={usb} />
			<div class="device-what">
				<h2>
					{said.stick} <small>{stick.version}</small>
				</h2>
				<p class="muted">{stick.code === null ? said.instead(running) : said.refused}</p>
			</div>
			{stick.code === null ? (
				<HoldButton
					disabled={!snapshot.can.installStick}
					pending={model.isPending(intent)}
					onHeld={() => model.send(intent)}
				>
					{said.hold}
				</HoldButton>
			) : (
				<p class="device-failure">
					<Reason {...props} code={stick.code} />
				</p>
			)}
		</li>
	);
}

function Reason({ snapshot, words, code }: PanelProps & { code: string | null }) {
	if (code === null) return null;
	return (
		<>
			{reasonOf(code, languages[snapshot.room.locale])}{" "}
			<span class="muted">
				{words.kit.failureCode} <code>{code}</code>
			</span>
		</>
	);
}
