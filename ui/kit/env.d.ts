/** What the pages' build adds to modules. */
interface ImportMetaEnv {
	/** Path the page is served under, with a slash at its end. */
	readonly BASE_URL: string;
}

interface ImportMeta {
	readonly env: ImportMetaEnv;
}

/** The drawing inside one of Lucide's icons, for `Icon`: only the imported ones reach the bundle. See `build/lucideIcons.ts`. */
declare module "lucide:*" {
	const drawing: string;
	export default drawing;
}

declare module "*.css" {}
