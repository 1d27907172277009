/** Keeps traffic in the folder of its first argument until it is killed; says after how many rounds it was safe. */
import { Keeper } from '../keeper.ts';
import { DEFAULT_LIMITS } from '../limits.ts';
import { Shelf } from '../shelf.ts';
import { trafficOf } from './traffic.ts';

const ROUNDS_MAX = 2000;
const keeper = new Keeper(new Shelf(process.argv[2] ?? '', DEFAULT_LIMITS), 'victim');
for (let round = 0; round < ROUNDS_MAX; round += 1) {
  for (const records of trafficOf(round)) await keeper.batch(records);
  if (round % 3 !== 0) continue;
  await keeper.flush();
  process.stdout.write(`${round + 1}\n`);
}
