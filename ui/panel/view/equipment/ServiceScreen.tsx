import back from "lucide:arrow-left";
import keys from "lucide:keyboard";
import monitor from "lucide:monitor";
import warning from "lucide:triangle-alert";
import camera from "lucide:video";
import type { Peripherals } from "../../../../device/contract/peripherals.ts";
import { Button } from "../../../kit/controls/Button.tsx";
import { Icon } from "../../../kit/icons/Icon.tsx";
import { Frame } from "../Frame.tsx";
import type { PanelProps } from "../ScreenProps.ts";
import { later } from "./later.tsx";
import { whenOf } from "./whenOf.ts";

type Device = Peripherals["devices"][number];
const icons: Record<Device["kind"], string> = { camera, display: monitor, "panel-bus": keys };

const FirmwareRows = later(() => import("./FirmwareRows.tsx").then((part) => part.FirmwareRows));
const SupportRow = later(() => import("./SupportRow.tsx").then((part) => part.SupportRow));
const ResetRow = later(() => import("./ResetRow.tsx").then((part) => part.ResetRow));
const ResetScreen = later(() => import("./ResetScreen.tsx").then((part) => part.ResetScreen));

/** The firmware, and each of the room's devices: what it is, where it is connected, whether it is there and since when; else why, and what to do. Last, the way back to where it began. */
export function ServiceScreen(props: PanelProps) {
	const { model, snapshot, words } = props;
	const { devices } = snapshot.peripherals;
	if (model.aside.value === "reset") return <ResetScreen {...props} />;
	return (
		<Frame
			{...props}
			name="service"
			title={words.service.title}
			bar={
				<>
					<p class="missing">
						{snapshot.missing.length === 0 ? null : (
							<>
								<Icon drawing={warning} />
								<span>{words.missing(snapshot.missing)}</span>
							</>
						)}
					</p>
					<Button
						icon={back}
						class="end"
						onPress={() => {
							model.aside.value = null;
						}}
					>
						{words.back}
					</Button>
				</>
			}
		>
			{/* biome-ignore lint/a11y/noNoninteractiveTabindex: a list that scrolls has to be scrolled by keys too. */}
			<ul class="devices" tabIndex={0} aria-label={words.service.title}>
				<FirmwareRows {...props} />
				{devices.map((device) => (
					<DeviceRow key={device.id} {...props} device={device} />
				))}
				{devices.length === 0 ? <li class="explain">{words.service.none}</li> : null}
				<SupportRow {...props} />
				<ResetRow {...props} />
			</ul>
		</Frame>
	);
}

function DeviceRow(props: PanelProps & { device: Device }) {
	const { snapshot, words, device } = props;
	const { kinds, states, failures } = words.service;
	const failure = device.failure === null ? null : failures[device.failure];
	return (
		<li class={`device card ${device.state}`}>
			<Icon drawing={icons[device.kind]} />
			<div class="device-what">
				<h2>
					{kinds[device.kind]} <small>{device.model ?? device.id}</small>
				</h2>
				<p class="muted">{device.at}</p>
				{device.kind === "panel-bus" && device.state === "ok" ? <Hardware {...props} /> : null}
			</div>
			<p class="device-state">
				<strong>{states[device.state]}</strong> <span>{words.service.since(whenOf(device.since, snapshot))}</span>
			</p>
			{failure === null ? null : (
				<p class="device-failure">
					<strong>{failure.title}</strong> {failure.next}{" "}
					<span class="muted">
						{words.kit.failureCode} <code>{device.failure}</code>
					</span>
				</p>
			)}
		</li>
	);
}

/** What key, shutter and sensor say just now: pressing the key is the quickest test of the whole line. */
function Hardware({ snapshot: { peripherals }, words }: PanelProps) {
	const { hardware } = words.service;
	const said = (["muteKey", "shutterClosed", "occupied"] as const).flatMap((part) => {
		const value = peripherals.hardware[part];
		return value === null ? [] : [hardware[part][value ? "yes" : "no"]];
	});
	return said.length === 0 ? null : <p class="muted">{said.join(" · ")}</p>;
}
