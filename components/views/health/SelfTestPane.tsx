'use client';

import { useEffect } from 'react';
import type { SelfTest } from '../../../core/messages/doctor.ts';
import { formatCount, formatDuration } from '../../../core/model/format.ts';
import { commands } from '../../state/commands.ts';
import { Button } from '../../ui/Button.tsx';
import { FindingMark } from './marks.tsx';
import { runSelfTest, useSelfTestStore } from './selfTest.ts';

/** Known packets, sent on the traced host and compared with what their records say: when somebody asks for it. */
export function SelfTestPane() {
  const { phase, test, failure } = useSelfTestStore();
  useEffect(
    () =>
      commands.register([
        { id: 'health.selfTest', title: 'Run the doctor’s self-test', group: 'Health', keys: [{ key: 'd' }], run: runSelfTest },
      ]), // biome-ignore format: a table
    [],
  );
  return (
    <section aria-label="Self-test" className="px-3 py-2 text-xs">
      <div className="flex flex-wrap items-center gap-x-2 gap-y-1">
        <h2 className="font-semibold">Self-test</h2>
        <span role="status" className="min-w-0 text-soft">
          {phase === 'running'
            ? 'known packets are on their way; this may take a minute …'
            : test === undefined
              ? 'not run'
              : test.refused !== ''
                ? 'could not be run'
                : `took ${formatDuration(test.tookMs * 1e6)}`}
        </span>
        <Button
          className="ml-auto"
          title="Send known packets on the traced host (d)"
          aria-disabled={phase === 'running'}
          onClick={runSelfTest}
        >
          Run
        </Button>
      </div>
      {test === undefined && failure === undefined && (
        <p className="mt-1 text-soft">
          Four known datagrams from one network namespace to another, both made for it on the traced host, and every
          field of their records compared with what was sent. It has a capture of its own: the one that runs goes on,
          and may list these datagrams.
        </p>
      )}
      {failure !== undefined && (
        <p role="alert" className="mt-1 text-dropped">
          The self-test was not run: {failure.message}.
        </p>
      )}
      {test !== undefined && <Result test={test} />}
    </section>
  ); // biome-ignore format: short
}

function Result({ test: { refused, checks, remarks } }: { readonly test: SelfTest }) {
  if (refused !== '')
    return (
      <p className="mt-1 flex items-baseline gap-2">
        <FindingMark state="missing" label="not run" />
        <span className="min-w-0 break-words">{refused}</span>
      </p>
    );
  const groups = [...new Set(checks.map(({ group }) => group))];
  return (
    <>
      {groups.map((group) => {
        const all = checks.filter((check) => check.group === group);
        const wrong = all.filter(({ isOk }) => !isOk);
        return (
          <details key={group} open={wrong.length > 0} data-group={group} className="mt-1">
            <summary className="cursor-default rounded-sm">
              <span className="inline-flex items-baseline gap-2 align-baseline">
                <FindingMark
                  state={wrong.length === 0 ? 'ok' : 'missing'}
                  label={wrong.length === 0 ? `${formatCount(all.length)} hold` : `${wrong.length} of ${all.length} wrong`}
                />
                <b className="font-medium">{group}</b>
              </span>
            </summary>
            <table className="mt-0.5 w-full table-fixed">
              <caption className="sr-only">{group}</caption>
              <thead className="text-2xs text-muted">
                <tr>
                  <th scope="col" className="w-5 font-normal"><span className="sr-only">Verdict</span></th>
                  <th scope="col" className="w-2/5 text-left font-normal">Compared</th>
                  <th scope="col" className="text-left font-normal">Seen</th>
                </tr>
              </thead>
              <tbody>
                {[...wrong, ...all.filter(({ isOk }) => isOk)].map(({ name, isOk, expected, seen }) => (
                  <tr key={name} className="align-baseline">
                    <td><FindingMark state={isOk ? 'ok' : 'missing'} label="" /><span className="sr-only">{isOk ? 'holds' : 'wrong'}</span></td>
                    <th scope="row" className="pr-2 text-left font-normal break-words">{name}</th>
                    <td className="break-words text-soft">
                      {isOk ? seen : <span className="text-text">{`expected ${expected || 'nothing'}, seen ${seen || 'nothing'}`}</span>}
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          </details>
        );
      })}
      {remarks.map((remark) => (
        <p key={remark} className="mt-1 flex items-baseline gap-2">
          <FindingMark state="limited" label="not tested" /> {remark}
        </p>
      ))}
    </>
  ); // biome-ignore format: a table
}
