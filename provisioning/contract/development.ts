/** Stands in the subject of a root certificate that was made for development, so that nobody takes its fleet for a real one. */
export const developmentMark = "(development)";
