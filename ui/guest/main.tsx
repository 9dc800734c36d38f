import { render } from "preact";
import { pressFeedback } from "../kit/controls/pressFeedback.ts";
import "../kit/kit.css";
import "./guest.css";
import "./lobby.css";
import "./call.css";
import "./smallCall.css";
import { GuestPage } from "./model/GuestPage.ts";
import { Page } from "./view/Page.tsx";

const page = new GuestPage();
addEventListener("hashchange", () => page.linkPasted());
addEventListener("online", () => page.networkChanged());
addEventListener("pagehide", () => page.close());
pressFeedback(document);
// The fragment leaves the address bar before anything is drawn.
page.open();
render(<Page page={page} />, document.getElementById("page") as HTMLElement);
