import "../kit/kit.css";
import "../kit/touch.css";
import "./panel.css";
import "./resting.css";
import "./middle.css";
import "./call.css";
import "./reach.css";
import "./service.css";
import "./equipment.css";
import { render } from "preact";
import { pressFeedback } from "../kit/controls/pressFeedback.ts";
import { warmUpTime } from "../kit/i18n/time.ts";
import { PanelModel } from "./model/PanelModel.ts";
import { App } from "./view/App.tsx";

const model = new PanelModel(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/panel`);
pressFeedback(document);
for (const touch of ["pointerdown", "keydown"] as const) {
	document.addEventListener(touch, () => model.touched(), { capture: true, passive: true });
}
document.addEventListener("keydown", ({ key }) => {
	if (key === "Escape") model.aside.value = null;
});
const place = document.getElementById("panel");
if (place) render(<App model={model} />, place);
// the room's first word is under way, and what it says has a clock in it
warmUpTime();
