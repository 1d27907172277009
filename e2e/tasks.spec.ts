/** What a new user must be able to find within a minute and without the manual; live in live.spec.ts. */
import { whereItSplits, whichIsSlower, whyTheyDie } from './newcomer.ts';
import { test } from './recorded.ts';

test.use({ capture: 'tasks' });

test('why the UDP datagrams to port 9999 die', async ({ page }) => whyTheyDie(page));
test('which of two paths is slower, and where', async ({ page }) => whichIsSlower(page));
test('where the datagram splits that arrives twice', async ({ page }) => whereItSplits(page));
