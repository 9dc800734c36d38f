/** The desk's page: asks five times a second how things are, and hands on what a hand does. */
const words = {
	de: {
		sign: "Licht an der Tür",
		lights: {
			off: "aus",
			free: "frei",
			ringing: "klingelt",
			busy: "im Gespräch",
			muted: "im Gespräch, stumm",
			trouble: "Störung",
		},
		muteKey: "Stummtaste",
		shutter: "Blende vor der Kamera",
		sensor: "Anwesenheit",
		cable: "Kabel der Kamera",
		camera: "Wohin die Kamera sieht",
		display: "Display",
		muteKeyIs: ["losgelassen", "gedrückt"],
		shutterIs: ["offen", "zu"],
		sensorIs: ["niemand da", "jemand da"],
		cableIs: ["gezogen", "steckt"],
		powers: { on: "an", off: "aus", warming: "geht an", cooling: "geht aus" },
	},
	en: {
		sign: "Light at the door",
		lights: {
			off: "off",
			free: "free",
			ringing: "ringing",
			busy: "in a call",
			muted: "in a call, muted",
			trouble: "trouble",
		},
		muteKey: "Mute key",
		shutter: "Shutter before the lens",
		sensor: "Occupancy",
		cable: "The camera's cable",
		camera: "Where the camera looks",
		display: "Display",
		muteKeyIs: ["released", "pressed"],
		shutterIs: ["open", "closed"],
		sensorIs: ["nobody here", "somebody here"],
		cableIs: ["pulled out", "plugged in"],
		powers: { on: "on", off: "off", warming: "coming on", cooling: "going off" },
	},
};
const language = navigator.language.startsWith("de") ? "de" : "en";
const say = words[language];
document.documentElement.lang = language;
for (const element of document.querySelectorAll("[data-word]")) element.textContent = say[element.dataset.word];

const find = (id) => document.getElementById(id);
function button(id, is, is_said, pressed) {
	find(id).querySelector("span").textContent = is_said[Number(is)];
	find(id).setAttribute("aria-pressed", String(pressed));
}

function show(state) {
	find("sign").dataset.light = state.light;
	find("light").textContent = say.lights[state.light];
	find("mute").classList.toggle("lit", state.muteLamp);
	button("mute", state.muteKey, say.muteKeyIs, state.muteKey);
	button("shutter", state.shutterClosed, say.shutterIs, state.shutterClosed);
	button("somebody", state.occupied, say.sensorIs, false);
	button("cable", state.camera.cable, say.cableIs, !state.camera.cable);
	const { power, input, volume } = state.display;
	find("display").textContent = `${say.powers[power]} · ${input} · ${volume} %`;
	// as the engine cuts it out: device/media/gaze.ts
	const { pan, tilt, zoom } = state.camera;
	const part = 1 / (2 * 2.5 ** zoom);
	const from = (where) => Math.min(1 - part, Math.max(0, 0.5 + where / 4 - part / 2)) * 100;
	Object.assign(find("gaze").style, {
		left: `${from(pan)}%`,
		top: `${from(-tilt)}%`,
		width: `calc(${part * 100}% - 6px)`,
		height: `calc(${part * 100}% - 6px)`,
	});
}

async function look() {
	try {
		show(await (await fetch("/state")).json());
	} catch {
		find("light").textContent = "–";
	}
	setTimeout(look, 200);
}
for (const key of document.querySelectorAll("[data-hand]"))
	key.addEventListener("click", () => fetch(key.dataset.hand, { method: "POST" }));
look();
