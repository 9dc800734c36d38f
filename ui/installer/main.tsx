import "../kit/kit.css";
import "../kit/touch.css";
import "./installer.css";
import { render } from "preact";
import { pressFeedback } from "../kit/controls/pressFeedback.ts";
import { InstallerModel } from "./InstallerModel.ts";
import { App } from "./view/App.tsx";

const model = new InstallerModel();
pressFeedback(document);
const place = document.getElementById("installer");
if (place) render(<App model={model} />, place);
void model.follow();
