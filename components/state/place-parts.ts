'use client';

import { DROP_GROUPINGS } from '../../core/model/aggregate/drops.ts';
import { useDropsPlace } from './drops.ts';
import { useFlowsPlace } from './flows.ts';
import {
  chooseCellNamed, chooseSeriesNamed, chosenCell, chosenSeries, LATENCY_BY, useLatencyStore,
} from './latency.ts'; // biome-ignore format: a list
import { GROUPINGS } from './packets/groups.ts';
import { useListing } from './packets/listing.ts';
import { BY_ARRIVAL, SORT_KEYS } from './packets/order.ts';
import { usePaths } from './paths/store.ts';
import type { ViewId } from './view.ts';

/** One thing that a view has chosen, as the address says it. */
interface Part {
  /** In whose address it is. */
  readonly view: ViewId;
  /** It means something only within its session. */
  readonly isOfSession?: true;
  /** '' when nothing is chosen, or what is chosen without a person's doing. */
  readonly text: () => string;
  /** Takes any text; what nobody of us wrote is as ''. */
  readonly choose: (text: string) => void;
  readonly subscribe: (listener: () => void) => () => void;
}

/** By their names in the address; in the order in which they are chosen. */
export const PLACE_PARTS = {
  /** The selected path: by its steps, so that it is found again also when its number is another. */
  path: {
    view: 'paths',
    text: () => (usePaths.getState().selected || '').toString(36),
    choose: (text) => {
      const id = /^[0-9a-z]{1,11}$/.test(text) ? Number.parseInt(text, 36) : 0;
      usePaths.setState({ selected: Number.isSafeInteger(id) ? id : 0 });
    },
    subscribe: usePaths.subscribe,
  },
  /** What drops are grouped by, and the selected group. */
  by: {
    view: 'drops',
    text: () => without('cause', useDropsPlace.getState().by),
    choose: (text) => useDropsPlace.setState({ by: DROP_GROUPINGS.find((one) => one === text) ?? 'cause' }),
    subscribe: useDropsPlace.subscribe,
  },
  drop: {
    view: 'drops',
    text: () => useDropsPlace.getState().group,
    choose: (group) => useDropsPlace.setState({ group }),
    subscribe: useDropsPlace.subscribe,
  },
  flow: {
    view: 'flows',
    text: () => useFlowsPlace.getState().flow,
    choose: (flow) => useFlowsPlace.setState({ flow }),
    subscribe: useFlowsPlace.subscribe,
  },
  /** Which times, of what, and a cell of their heat map. */
  times: {
    view: 'latency',
    text: () => without('place', useLatencyStore.getState().by),
    choose: (text) => useLatencyStore.setState({ by: LATENCY_BY.find((one) => one === text) ?? 'place' }),
    subscribe: useLatencyStore.subscribe,
  },
  series: {
    view: 'latency',
    text: chosenSeries,
    choose: chooseSeriesNamed,
    subscribe: useLatencyStore.subscribe,
  },
  cell: {
    view: 'latency',
    isOfSession: true,
    text: chosenCell,
    choose: chooseCellNamed,
    subscribe: useLatencyStore.subscribe,
  },
  /** How packets are listed. */
  group: {
    view: 'packets',
    text: () => without('none', useListing.getState().grouping),
    choose: (text) => useListing.setState({ grouping: GROUPINGS.find((one) => one === text) ?? 'none' }),
    subscribe: useListing.subscribe,
  },
  sort: {
    view: 'packets',
    text: () => {
      const { key, descending } = useListing.getState().sorting;
      return without('arrival', `${key}${descending ? '-down' : ''}`);
    },
    choose: (text) => {
      const key = SORT_KEYS.find((one) => text === one || text === `${one}-down`);
      const sorting = key === undefined ? BY_ARRIVAL : { key, descending: text.endsWith('-down') };
      useListing.setState({ sorting });
    },
    subscribe: useListing.subscribe,
  },
} as const satisfies Readonly<Record<string, Part>>;

export type PartName = keyof typeof PLACE_PARTS;
export const PART_NAMES: readonly PartName[] = [
  'path', 'by', 'drop', 'flow', 'times', 'series', 'cell', 'group', 'sort',
]; // biome-ignore format: a list
const PARTS: Readonly<Record<PartName, Part>> = PLACE_PARTS;
/** A number of one session is another thing in another one. */
export const isOfSession = (name: PartName): boolean => PARTS[name].isOfSession === true;

/** Longer ones are of nobody's making. */
export const PART_MAX = 200;

const without = (usual: string, text: string): string => (text === usual ? '' : text);
