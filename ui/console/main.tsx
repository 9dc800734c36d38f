import { render } from "preact";
import { pressFeedback } from "../kit/controls/pressFeedback.ts";
import "../kit/kit.css";
import "./console.css";
import "./rooms.css";
import "./columns.css";
import "./forms.css";
import "./lists.css";
import { ConsoleModel } from "./model/ConsoleModel.ts";
import { App } from "./view/App.tsx";

const model = new ConsoleModel();
addEventListener("hashchange", () => model.followAddress());
pressFeedback(document);
model.open();
render(<App model={model} />, document.getElementById("console") as HTMLElement);
