/** `npm run bench:store`: how fast sessions are kept on the disk, how large they are, and how soon a packet is found (main.ts). */
import { runBenchmark } from '../runner.mjs';

await runBenchmark({ entries: { 'bench/store/main': 'bench-store' }, main: 'bench-store' });
