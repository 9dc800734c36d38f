/** Devices take firmware of their own kind only; the same word is in the image's RAUC configuration. */
export const COMPATIBLE = "incamera-x86-64";
