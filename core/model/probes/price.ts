/** What it would cost to have other probes, for people. */
import type { Price } from '../../messages/source.ts';
import { formatCount } from '../format.ts';

/** `netfilter: 34 functions more, hit 1,200 times a second: at 310 ns a hit 0.4 % of one CPU.` */
export function priceText(what: string, { functions, ms, hits, nsPerHit }: Price): string {
  if (functions === 0) return `${what}: no function more than are probed now.`;
  const perSecond = (1000 * hits) / Math.max(1, ms);
  const more = `${what}: ${formatCount(functions)} ${functions === 1 ? 'function' : 'functions'} more`;
  if (hits === 0) return `${more}, not hit within a second: with this traffic they cost nothing.`;
  const rate = `hit ${formatCount(Math.max(1, Math.round(perSecond)))} times a second`;
  if (nsPerHit === 0) return `${more}, ${rate}; no hit of the present probes says how long one takes.`;
  const share = (perSecond * nsPerHit) / 1e7;
  return `${more}, ${rate}: at ${formatCount(Math.round(nsPerHit))} ns a hit ${share < 0.1 ? 'less than 0.1' : share.toFixed(1)} % of one CPU.`;
}
