/**
 * As the tests run scenarios: what one kernel says as much of as the other is tried on one only, and of a long table a
 * part. `npm test -- kernels` tries everything.
 */
export const isDealt = process.argv.includes('--dealt');
