/** `npm run bench:open`: how soon a kept recording of fifty million hops is there to look at (open.ts). */
import { runBenchmark } from '../runner.mjs';

await runBenchmark({ entries: { 'bench/store/open': 'bench-open' }, main: 'bench-open' });
