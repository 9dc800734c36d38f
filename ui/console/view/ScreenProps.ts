import type { Role } from "../../../provisioning/contract/http/route.ts";
import type { Session } from "../../../provisioning/contract/http/shapes.ts";
import type { ConsoleModel } from "../model/ConsoleModel.ts";
import type { ConsoleWords } from "../words/ConsoleWords.ts";

export interface ScreenProps {
	model: ConsoleModel;
	say: ConsoleWords;
	session: Session;
}

/** What the console offers to whom; whether it is done the service decides. */
export const may = (session: Session, ...roles: Role[]): boolean => roles.includes(session.person.role);
