/** The session as a file to download: everything that is on the disk of it or, where none is kept, what memory has. */
import { type SavedHub, saveSession } from '../recording/save.ts';
import { takenSink } from '../recording/sink.ts';
import type { Hub } from '../session/hub.ts';
import { writeSaved } from '../store/saved.ts';
import type { Saver } from './server.ts';

/** Whoever takes less than a block in so long has gone: what is held for it gives way again. */
const PATIENCE_MS = 300_000;

export type SaverHub = SavedHub & Pick<Hub, 'savedKept'>;

/** `product` is the version that writes them. */
export const makeSaver = (hub: SaverHub, product: string, patienceMs = PATIENCE_MS): Saver => ({
  get name() {
    const host = hub.lastHello?.hostname.replaceAll(/[^\w.-]/g, '') || 'session';
    return `skbtracer-${host}-${new Date().toISOString().slice(0, 19).replaceAll(':', '')}`;
  },
  async save(output) {
    const sink = takenSink(output, patienceMs);
    const saving = await hub.savedKept();
    if (saving === undefined) return saveSession(hub, sink, { product });
    const { saved, release } = saving;
    try {
      // the session that follows has packets of the same numbers
      const facts = hub.snapshot.session === saved.session ? hub.facts.all : [];
      await writeSaved(sink, saved, facts, () => release('oldest'));
    } finally {
      release('all');
    }
  },
});
