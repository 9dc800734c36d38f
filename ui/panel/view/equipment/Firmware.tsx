import { useEffect, useState } from "preact/hooks";
import type { PanelProps } from "../ScreenProps.ts";

type Rows = typeof import("./FirmwareRows.tsx").FirmwareRows;
let loaded: Rows | null = null;

/** The rows of the firmware, which come when the service page is opened first: a panel's start must not carry them. */
export function Firmware(props: PanelProps) {
	const [Rows, setRows] = useState<Rows | null>(() => loaded);
	useEffect(() => {
		if (loaded) return;
		void import("./FirmwareRows.tsx").then(({ FirmwareRows }) => {
			loaded = FirmwareRows;
			setRows(() => FirmwareRows);
		});
	}, []);
	return Rows && <Rows {...props} />;
}
