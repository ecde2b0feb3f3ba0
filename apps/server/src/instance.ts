/**
 * The header by which a server in front of a Modly says who asks, a list like `Via`: a server that
 * finds itself in it was pointed at itself.
 */
export const INSTANCE_HEADER = "x-modly-runs-instance";
