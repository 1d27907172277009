import { describe, expect, it } from 'vitest';
import { check } from '../../core/base/schema.ts';
import { freezeOrderSchema, NO_TRIGGER } from '../../core/messages/freezing.ts';
import { EMPTY_DRAFT, openFreeze, readDraft, useFreeze } from '../state/freezing.ts';
import { triggersText } from '../views/freeze/text.ts';

const knows = (reason: string) => ['NO_SOCKET', 'NETFILTER_DROP'].includes(reason);

describe('what is to be waited for', () => {
  it('is any drop at first', () => {
    const { order } = readDraft(EMPTY_DRAFT, knows);
    expect(order?.triggers).toEqual({ ...NO_TRIGGER, drops: [] });
    expect(check(freezeOrderSchema, order).ok).toBe(true);
  });

  it.each([
    ['no_socket, NETFILTER_DROP', ['NO_SOCKET', 'NETFILTER_DROP'], undefined],
    ['NO_SOCKET PKT_TOO', undefined, 'this kernel has no drop reason PKT_TOO'],
  ])('takes the reasons %j', (reasons, drops, problem) => {
    const read = readDraft({ ...EMPTY_DRAFT, reasons }, knows);
    expect(read.order?.triggers.drops).toEqual(drops);
    expect(read.reasonsProblem).toBe(problem);
  });

  it.each([
    ['10', 10e6],
    ['0.5', 500_000],
    [' .25 ', 250_000],
    ['0', undefined],
    ['', undefined],
    ['1e3', undefined],
    ['4000000', undefined],
  ])('takes %j milliseconds', (slowMs, ns) => {
    const { order, slowProblem } = readDraft({ ...EMPTY_DRAFT, isSlow: true, slowMs }, knows);
    expect(order?.triggers.slowNs).toBe(ns);
    expect(slowProblem === undefined).toBe(ns !== undefined);
    if (order !== null) expect(check(freezeOrderSchema, order).ok).toBe(true);
  });

  it('is nothing when nothing is chosen', () =>
    expect(readDraft({ ...EMPTY_DRAFT, isDrop: false }, knows).order).toBeNull());

  it('is shown as it is in force', () => {
    const order = {
      triggers: { ...NO_TRIGGER, drops: ['NO_SOCKET'], slowNs: 2.5e6, resets: true },
      lastMs: 300_000,
      afterMs: 0,
      times: 3,
    };
    openFreeze(order);
    expect(readDraft(useFreeze.getState().draft, knows).order).toEqual(order);
  });
});

it('is told in words', () =>
  expect(
    triggersText({
      drops: ['NO_SOCKET', 'NETFILTER_DROP'],
      slowNs: 10e6,
      newPaths: true,
      resets: true,
      retransmits: true,
      duplicates: true,
    }),
  ).toBe(
    'a drop by NO_SOCKET or NETFILTER_DROP, more than 10.0 ms, a new path, a TCP RST, a retransmission, a duplicate',
  ));
