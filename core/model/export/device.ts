import type { Hop } from '../hop.ts';
import type { NameBook } from '../names.ts';

/** Name of the interface that a hop was on, as it was then; '' where it was on none. */
export const deviceOf = ({ netns, ifindex, state }: Hop, names: NameBook): string =>
  ifindex === 0 ? '' : (state.device ?? names.interfaceName(netns, ifindex));
