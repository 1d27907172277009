import { textTable } from '../../core/model/text-table.ts';
import type { Answer } from '../store/tables.ts';
import type { QueryOptions } from './options.ts';

/** An answer as it is printed. */
export const answerText: Readonly<Record<QueryOptions['format'], (answer: Answer) => string>> = {
  /** Columns beside each other, numbers to the right. */
  text({ columns, rows }) {
    const cells = [columns, ...rows.map((row) => row.map(cellText))];
    const sides = columns.map((_, i) =>
      rows.length > 0 && rows.every((row) => typeof row[i] === 'number') ? 'right' : 'left',
    );
    return `${textTable(cells, sides).join('\n')}\n`;
  },
  json: ({ columns, rows }) =>
    rows
      .map((row) => `${JSON.stringify(Object.fromEntries(columns.map((column, i) => [column, row[i]])))}\n`)
      .join(''),
  csv: ({ columns, rows }) => [columns, ...rows.map((row) => row.map(cellText))].map(csvLine).join(''),
};

const cellText = (value: unknown): string =>
  value === null ? '' : typeof value === 'object' ? JSON.stringify(value) : String(value);

const csvLine = (cells: readonly string[]): string =>
  `${cells.map((cell) => (/[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell)).join(',')}\r\n`;
