/**
 * Which packets the Paths view folds: their ids in the order of first sight, null for all that the session keeps. The
 * one place where it follows what other views leave out.
 */
export const packetsToFold = (): Float64Array<ArrayBuffer> | null => null;
