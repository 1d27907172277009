import { stageOf } from '../../core/model/stages.ts';
import { Client } from './client.ts';
import { parseFlags } from './options.ts';

/** `skbtracer functions`: what can be probed on this kernel. Resolves to the exit status. */
export async function functions(words: readonly string[]): Promise<number> {
  const { values } = parseFlags(words, {
    json: { type: 'boolean' },
    source: { type: 'string' },
    kernel: { type: 'string' },
  });
  const source = values.source === 'lab' ? 'lab' : 'host';
  const client = new Client(
    { source, kernel: values.kernel ?? '6.12' },
    { batch: () => undefined, gone: () => undefined },
  );
  try {
    await client.introduction();
    await client.tables();
    const found = [...client.names.functions.values()];
    for (const one of found) {
      const stage = stageOf(one.name);
      if (values.json === true) console.log(JSON.stringify({ ...one, stage }));
      else
        console.log(
          `${one.isDefault ? '*' : ' '} ${stage.padEnd(10)} ${one.name}${one.module ? ` [${one.module}]` : ''}`,
        );
    }
    if (values.json !== true)
      console.error(
        `${found.length} functions; * marks the ${found.filter((f) => f.isDefault).length} of the default group`,
      );
    return 0;
  } finally {
    await client.source.close();
  }
}
