import back from "lucide:arrow-left";
import type { Installation } from "../../../provisioning/contract/installation.ts";
import { Button } from "../../kit/controls/Button.tsx";
import { FailureNote } from "../../kit/controls/FailureNote.tsx";
import type { InstallerProps } from "./App.tsx";
import { Frame } from "./Frame.tsx";

type Failed = Extract<Installation["state"], { is: "failed" }>;

export function FailedScreen({ model, words, state, language }: InstallerProps & { state: Failed }) {
	return (
		<Frame
			name="centred"
			language={language}
			bar={
				<Button icon={back} class="twice" onPress={() => void model.again()}>
					{words.again}
				</Button>
			}
		>
			<FailureNote {...words.faults[state.fault]} codeWord={words.code} code={state.code} />
		</Frame>
	);
}
