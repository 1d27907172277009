/**
 * The three tasks of a person who sees the page for the first time: by what is visible on it, and nothing else. Each
 * act (a click, a word written) is a step of the report and is counted: at some six seconds each, which is slow, ten of
 * them are a minute.
 */
import { expect, type Locator, type Page, test } from '@playwright/test';

const ACTS_PER_MINUTE = 10;

export class Newcomer {
  readonly page: Page;
  #acts = 0;

  constructor(page: Page) {
    this.page = page;
  }

  async click(what: string, target: Locator): Promise<void> {
    this.#acts += 1;
    await test.step(`clicks ${what}`, () => target.click());
  }

  async write(text: string, field: Locator): Promise<void> {
    this.#acts += 1;
    await test.step(`writes ${text}`, () => field.fill(text));
  }

  async reads(where: Locator, text: string | RegExp): Promise<void> {
    await test.step(`reads ${text}`, () => expect(where).toContainText(text));
  }

  /** What was done is little enough for a minute. */
  isDone(): void {
    expect(this.#acts).toBeLessThanOrEqual(ACTS_PER_MINUTE);
  }
}

const view = (page: Page, name: string) =>
  page.getByRole('navigation', { name: 'Views' }).getByRole('button', { name });
const find = (page: Page) => page.getByRole('combobox', { name: 'Display filter' });
const packet = (page: Page, text: string) =>
  page
    .getByRole('grid', { name: 'Packets, one row each' })
    .getByRole('row')
    .filter({ hasText: text })
    .first();

/** Why do the UDP datagrams to port 9999 die? */
export async function whyTheyDie(page: Page): Promise<void> {
  const person = new Newcomer(page);
  await person.write('9999', find(page));
  await person.reads(packet(page, '10.1.0.3:9999'), 'dropped');
  await person.click('one of them', packet(page, '10.1.0.3:9999'));
  const why = page.getByRole('region', { name: 'Why' });
  await person.reads(why, /The firewall dropped it in db: nftables inet sample input rule \d+/);
  await person.reads(why.getByRole('list', { name: 'Evidence' }), /udp dport 9999 .*drop/);
  await person.reads(
    page.getByRole('region', { name: 'Story' }),
    /Dropped in db by nftables inet sample input/,
  );
  person.isDone();
}

/** Of the ways from web to port 7000 in east and in west, which is slower, and where? */
export async function whichIsSlower(page: Page): Promise<void> {
  const person = new Newcomer(page);
  const path = (to: string) =>
    page
      .getByRole('grid', { name: 'Distinct paths' })
      .getByRole('row')
      .filter({ hasText: 'web' })
      .filter({ hasText: to })
      .first();
  const compare = page.getByRole('button', { name: /^Compare with/ });
  await person.write('7000', find(page));
  await person.click('Paths', view(page, 'Paths'));
  await person.click('the way to west', path('west'));
  await person.click('Compare', compare);
  await person.click('the way to east', path('east'));
  await person.click('Compare', compare);
  const slower = page.getByRole('status', { name: 'Which is slower' });
  await person.reads(slower, /^Left is slower: .* in the queue \(netem\) on vwest in host/);
  await person.click('Show where', slower.getByRole('button', { name: 'Show where' }));
  const row = page.getByRole('grid', { name: 'Both paths, row by row' }).locator('[aria-selected="true"]');
  await person.reads(row, /\+(?:[2-9]\d\.\d|\d{3}) ms/);
  await expect(row).toBeInViewport();
  person.isDone();
}

/** east gets each datagram of west (10.2.0.3) twice: where do they become two? */
export async function whereItSplits(page: Page): Promise<void> {
  const person = new Newcomer(page);
  await person.write('10.2.0.3 udp', find(page));
  await person.click('a datagram of west', packet(page, '10.96.0.10:7001'));
  const relatives = page.getByRole('navigation', { name: 'Lineage' });
  const split = relatives.getByRole('button', { name: 'Splits at br_forward in host' });
  await person.click('where it splits', split);
  const hop = page.getByRole('grid', { name: 'Hops' }).locator('[role="row"][aria-selected="true"]');
  await person.reads(hop, /br_forward\s*clone #\d+/);
  const story = page.getByRole('region', { name: 'Story' });
  await person.reads(story, /Splits at br_forward on the host: the bridge forwards a clone, #\d+/);
  await person.reads(story, 'The bridge passes it up to the host, as received on br1');
  await person.click('the tree of relatives', relatives.getByRole('button', { name: 'Relatives' }));
  const tree = relatives.getByRole('list', { name: 'Tree of relatives' });
  await expect(tree.getByRole('button').filter({ hasText: 'delivered' })).toHaveCount(2);
  await person.click('the clone', tree.getByRole('button').nth(1));
  await person.reads(story, /port veast on the host/);
  await person.reads(page.getByRole('region', { name: 'Why' }), 'It was delivered to 10.2.0.2:7000 in east');
  // as it was found, for whoever comes next
  await relatives.getByRole('button', { name: 'Relatives' }).click();
  person.isDone();
}
