/** Chromium and what a page's frames take. */
import { type Browser, chromium, type Page } from '@playwright/test';
import config from '../../playwright.config.ts';

export const launch = (): Promise<Browser> =>
  chromium.launch({ ...config.use?.launchOptions, headless: true });

/** A page of 1280 × 800 that has been here before, with a list of its frame times and long tasks. */
export async function openPage(browser: Browser, url: string): Promise<Page> {
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 }, locale: 'en-GB' });
  page.setDefaultTimeout(60_000);
  await page.addInitScript(record);
  await page.goto(url);
  return page;
}

interface Recorder {
  isOn: boolean;
  gaps: number[];
  tasks: number[];
  begin(): void;
}

/** Runs in the page. */
function record(): void {
  if (location.protocol.startsWith('http')) localStorage.setItem('skbtracer.welcomed', 'true');
  let last = 0;
  const recorder: Recorder = {
    isOn: false,
    gaps: [],
    tasks: [],
    begin() {
      recorder.gaps = [];
      recorder.tasks = [];
      last = 0;
      recorder.isOn = true;
      const { gaps } = recorder;
      // when the browser began the frame: one that is not made in time begins the next one late
      const frame = (begun: number) => {
        // a list of another time has its own frames
        if (!recorder.isOn || recorder.gaps !== gaps) return;
        if (last > 0) gaps.push(begun - last);
        last = begun;
        requestAnimationFrame(frame);
      };
      requestAnimationFrame(frame);
    },
  };
  new PerformanceObserver((list) => {
    if (recorder.isOn) for (const { duration } of list.getEntries()) recorder.tasks.push(duration);
  }).observe({ entryTypes: ['longtask'] });
  Object.assign(globalThis, { recorder });
}

export interface Frames {
  readonly count: number;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
  readonly worstMs: number;
  /** Tasks of the main thread that took 50 ms or longer. */
  readonly longTasks: number;
}

/** The page's frames while something goes on. */
export async function framesDuring(page: Page, work: () => Promise<void>): Promise<Frames> {
  await page.evaluate(() => (globalThis as unknown as { recorder: Recorder }).recorder.begin());
  await work();
  const { gaps, tasks } = await page.evaluate(() => {
    const { recorder } = globalThis as unknown as { recorder: Recorder };
    recorder.isOn = false;
    return { gaps: recorder.gaps, tasks: recorder.tasks };
  });
  const times = gaps.sort((a, b) => a - b);
  const total = times.reduce((sum, ms) => sum + ms, 0);
  return {
    count: times.length,
    perSecond: round((1000 * times.length) / total),
    p50Ms: round(quantile(times, 0.5)),
    p95Ms: round(quantile(times, 0.95)),
    p99Ms: round(quantile(times, 0.99)),
    worstMs: round(times.at(-1) ?? 0),
    longTasks: tasks.length,
  };
}

/** @param sorted ascending */
export const quantile = (sorted: readonly number[], share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
export const round = (value: number, digits = 1): number => Number(value.toFixed(digits));
export const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
