/** docs/sql.md says what tables there are, and answers questions of the tests' recording: by the recording, and by its Parquet. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { answerText } from '../../cli/answers.ts';
import { Recording } from '../../recording/reader.ts';
import { writeRecording } from '../../recording/test/make-recording.ts';
import { StoreDatabase } from '../database.ts';
import { fillTables } from '../fill.ts';
import { OWN_TABLES, TABLES } from '../schema.ts';

const DOCS = readFileSync(join(import.meta.dirname, '../../../docs/sql.md'), 'utf8');
const EXAMPLES = [...DOCS.matchAll(/```sql\n(.*?)```\n```\n(.*?)```/gs)].map(([, sql = '', answer = '']) => ({
  sql,
  answer,
}));
const folder = mkdtempSync(join(tmpdir(), 'sql-'));
let recorded: StoreDatabase;
let fromParquet: StoreDatabase;

const tableNames = Object.keys(TABLES);

beforeAll(async () => {
  await writeRecording(join(folder, 'a.skbt'));
  const recording = await Recording.open(join(folder, 'a.skbt'));
  recorded = await StoreDatabase.create(':memory:');
  await fillTables(recording, recorded, () => undefined);
  await recording.close();
  fromParquet = await StoreDatabase.create(':memory:');
  for (const table of tableNames) {
    const path = join(folder, `${table}.parquet`);
    await recorded.writeParquet(table, path);
    await fromParquet.ask(`CREATE OR REPLACE TEMP VIEW ${table} AS FROM '${path}'`);
  }
});
afterAll(async () => {
  await recorded.close();
  await fromParquet.close();
  rmSync(folder, { recursive: true });
});

describe('docs/sql.md', () => {
  it('has examples', () => expect(EXAMPLES.length).toBeGreaterThanOrEqual(4));

  it.each(EXAMPLES)('answers $sql', async ({ sql, answer }) => {
    expect(answerText.text(await recorded.ask(sql))).toBe(answer);
    expect(answerText.text(await fromParquet.ask(sql))).toBe(answer);
  });

  it('names every table that is told, with its columns and types', async () => {
    for (const table of tableNames.filter((name) => !OWN_TABLES.includes(name))) {
      const { rows } = await recorded.ask(`SELECT column_name, column_type FROM (DESCRIBE ${table})`);
      expect(DOCS).toContain(
        `- **\`${table}\`**: ${rows.map(([name, type]) => `\`${name}\` ${type}`).join(', ')}\n`,
      );
    }
  });

  it('says of every column what it is', () => {
    const said = new Set(
      [...(DOCS.split('| column |')[1] ?? '').matchAll(/^\| (.*?) \|/gm)].flatMap(([, cells = '']) =>
        [...cells.matchAll(/`(\w+)`/g)].map(([, name]) => name),
      ),
    );
    for (const [table, columns] of Object.entries(TABLES))
      if (!OWN_TABLES.includes(table))
        for (const column of Object.keys(columns)) expect(said, `${table}.${column}`).toContain(column);
  });
});

describe('tables', () => {
  it('have every hop, drop and packet of the recording', async () => {
    const { rows } = await recorded.ask(
      'SELECT (SELECT count(*) FROM hops), (SELECT count(*) FROM drops), (SELECT count(*) FROM packets), (SELECT sum(hops) FROM packets), (SELECT sum(events) FROM losses)',
    );
    expect(rows).toEqual([[5131, 31, 105, 5162, 12]]);
  });

  it('say of whole numbers that they are numbers, and of others what they are', async () => {
    const { rows, columns } = await recorded.ask(
      "SELECT 9007199254740993::UBIGINT AS big, 12::UTINYINT AS small, 1.5 AS half, NULL AS nothing, 'a,b' AS text",
    );
    expect(rows).toEqual([['9007199254740993', 12, expect.anything(), null, 'a,b']]);
    expect(answerText.csv({ columns, rows })).toBe(
      'big,small,half,nothing,text\r\n9007199254740993,12,1.5,,"a,b"\r\n',
    );
    expect(answerText.json({ columns: ['a'], rows: [[1]] })).toBe('{"a":1}\n');
  });
});
