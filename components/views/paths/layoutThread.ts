import { type GraphLayout, type GraphParts, layOutParts } from './layout.ts';

export interface LaidOut {
  readonly layout: GraphLayout;
  /** What the layout alone took, on whichever thread. */
  readonly tookMs: number;
}
type Answer = LaidOut & { readonly id: number };

let worker: Worker | undefined;
let isBroken = false;
let nextId = 1;
const waiting = new Map<number, { readonly parts: GraphParts; readonly done: (laid: LaidOut) => void }>();

/** Lays a graph out on another thread; on this one where there can be no other. */
export function layOutBeside(parts: GraphParts): Promise<LaidOut> {
  const thread = open();
  if (thread === undefined) return Promise.resolve(layOutHere(parts));
  const id = nextId;
  nextId += 1;
  return new Promise((done) => {
    waiting.set(id, { parts, done });
    thread.postMessage({ id, parts });
  });
}

function layOutHere(parts: GraphParts): LaidOut {
  const began = performance.now();
  const layout = layOutParts(parts);
  return { layout, tookMs: performance.now() - began };
}

function open(): Worker | undefined {
  if (worker !== undefined || isBroken) return worker;
  try {
    worker = new Worker(new URL('./layout.worker.ts', import.meta.url), { type: 'module' });
  } catch {
    isBroken = true;
    return undefined;
  }
  worker.addEventListener('message', ({ data: { id, layout, tookMs } }: MessageEvent<Answer>) => {
    waiting.get(id)?.done({ layout, tookMs });
    waiting.delete(id);
  });
  // its script did not load: whoever waits is answered from here
  worker.addEventListener('error', () => {
    isBroken = true;
    worker = undefined;
    for (const { parts, done } of waiting.values()) done(layOutHere(parts));
    waiting.clear();
  });
  return worker;
}
