import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Plugin } from "vite";
import { pictureFile, pictures } from "../code/pictures.ts";

interface IconSet {
	width: number;
	height: number;
	icons: Record<string, { body: string; width?: number; height?: number }>;
}

/** Writes the code's 64 drawings (Noto Emoji, Apache-2.0) beside the page, as images of their own: they are no weight on the script. */
export function codePictures(): Plugin {
	return {
		name: "code-pictures",
		apply: "build",
		generateBundle() {
			const path = createRequire(import.meta.url).resolve("@iconify-json/noto/icons.json");
			const noto = JSON.parse(readFileSync(path, "utf8")) as IconSet;
			pictures.forEach((picture, index) => {
				const icon = noto.icons[picture.noto];
				if (!icon) throw new Error(`Noto has no drawing "${picture.noto}"`);
				const size = `0 0 ${icon.width ?? noto.width} ${icon.height ?? noto.height}`;
				this.emitFile({
					type: "asset",
					fileName: pictureFile(index),
					source: `<svg xmlns="http://www.w3.org/2000/svg" viewBox="${size}">${icon.body}</svg>`,
				});
			});
		},
	};
}
