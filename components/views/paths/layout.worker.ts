/** Lays graphs out beside the page's thread: one message with the parts, one back with the layout. */
import { type GraphParts, layOutParts } from './layout.ts';

self.addEventListener(
  'message',
  ({ data: { id, parts } }: MessageEvent<{ readonly id: number; readonly parts: GraphParts }>) => {
    const began = performance.now();
    const layout = layOutParts(parts);
    self.postMessage({ id, layout, tookMs: performance.now() - began });
  },
);
