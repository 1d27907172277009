'use client';

import { useCallback, useState } from 'react';
import type { ProbePlan } from '../../../core/messages/source.ts';
import { priceText } from '../../../core/model/probes/price.ts';
import { requestPrice } from '../../state/socket.ts';

export interface PriceTag {
  /** Measures what a plan would cost; `what` is what comes with it, for people. */
  readonly ask: (what: string, probes: ProbePlan) => void;
  readonly isBusy: boolean;
  /** What was found last, or why nothing was; '' before. */
  readonly text: string;
}

/** What other probes would cost, measured before they are there. */
export function usePrice(): PriceTag {
  const [isBusy, setBusy] = useState(false);
  const [text, setText] = useState('');
  const ask = useCallback(async (what: string, probes: ProbePlan) => {
    setBusy(true);
    setText(`The price of ${what} is measured for a second …`);
    const result = await requestPrice(probes);
    setBusy(false);
    setText(result.ok ? priceText(what, result.value) : `The price of ${what}: ${result.error.message}.`);
  }, []);
  return { ask, isBusy, text };
}
