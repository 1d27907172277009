import { SessionAssembler } from '../../../core/model/assembler.ts';
import { Recording } from '../../recording/reader.ts';

/** A recording as a session that took all of it in, with the types of its messages. */
export async function readBack(path: string) {
  const recording = await Recording.open(path);
  const session = new SessionAssembler();
  const messages: string[] = [];
  for await (const item of recording.items()) {
    if (item.kind === 'batch') session.take(item.records);
    else messages.push(item.message.type);
  }
  await recording.close();
  const { header, summary } = recording;
  return { header, summary, session, messages };
}
