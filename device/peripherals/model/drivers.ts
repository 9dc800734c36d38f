/** The drivers that there are, by the name that a configuration calls them, and what each of them drives. */
export const driverKinds = {
	visca: "camera",
	"samsung-mdc": "display",
	lg: "display",
	"sharp-nec": "display",
	pjlink: "display",
	cec: "display",
	"panel-bus": "panel-bus",
} as const;
export type DriverName = keyof typeof driverKinds;
