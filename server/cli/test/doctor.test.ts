import { describe, expect, it } from 'vitest';
import type { DoctorReport } from '../../../core/messages/doctor.ts';
import { doctor } from '../doctor/doctor.ts';
import { reportText, verdictText } from '../doctor/report.ts';

const OK = { id: 'btf', title: 'BTF', state: 'ok', found: '126,700 types', effect: '', advice: '' } as const;
const LIMIT = {
  id: 'kprobeMulti', title: 'Probes', state: 'limited', found: 'No kprobe.multi', effect: 'It takes long.', advice: 'Wait.',
} as const; // biome-ignore format: short
const MISSING = {
  id: 'tracefs', title: 'tracefs', state: 'missing', found: 'it is not mounted', effect: 'Nothing.', advice: 'Mount it.',
} as const; // biome-ignore format: short
const RIGHT = { group: 'UDP', name: 'TTL', isOk: true, expected: '61', seen: '61' };
const WRONG = { group: 'UDP', name: 'mark', isOk: false, expected: '0x5b7', seen: '' };

const WELL: DoctorReport = {
  kernel: '6.12', architecture: 'x64', cpus: 2, findings: [OK],
  selfTest: { refused: '', checks: [RIGHT], remarks: [], tookMs: 1500 }, isWell: true,
}; // biome-ignore format: short
const withTest = (selfTest: Partial<NonNullable<DoctorReport['selfTest']>>): DoctorReport => ({
  ...WELL,
  isWell: false,
  selfTest: { refused: '', checks: [], remarks: [], tookMs: 1, ...selfTest },
});

describe('the doctor’s report', () => {
  it('has a line for each finding and check', () => {
    const lines = reportText(WELL, false).split('\n');
    expect(lines[0]).toBe('Linux 6.12, x64, 2 CPUs');
    expect(lines).toContainEqual(expect.stringMatching(/^✓ BTF +126,700 types$/));
    expect(lines).toContainEqual(expect.stringMatching(/^✓ TTL +61$/));
    expect(lines.at(-1)).toBe('Well: 1 checks hold; nothing is limited');
  });

  it('says below what is not well what that costs and what to do', () => {
    const text = reportText({ ...WELL, findings: [LIMIT] }, false);
    expect(text).toMatch(/! Probes +No kprobe\.multi\n +It takes long\.\n +→ Wait\.\n/);
    expect(text).toContain('Well: 1 checks hold; 1 limit to what is seen (!)');
  });

  it('shows what was expected and what was seen of a check that failed', () => {
    const report = withTest({ checks: [RIGHT, WRONG] });
    expect(reportText(report, false)).toMatch(/✗ mark +expected 0x5b7\n +seen nothing\n/);
    expect(verdictText(report)).toBe(
      'Not well: 1 of 2 checks failed, the first: UDP, mark: expected 0x5b7, seen nothing',
    );
  });

  it('says in one line what is missing, or why nothing was tested', () => {
    expect(verdictText({ ...withTest({ refused: 'no' }), findings: [MISSING] })).toBe(
      'Not well: tracefs: it is not mounted. Mount it.',
    );
    expect(verdictText({ ...WELL, findings: [{ ...MISSING, found: 'A sentence.' }] })).toBe(
      'Not well: tracefs: A sentence. Mount it.',
    );
    expect(verdictText(withTest({ refused: 'ip is not installed' }))).toBe(
      'Not known: the self-test was not run: ip is not installed',
    );
    expect(verdictText({ ...WELL, selfTest: null })).toBe('Well: no self-test; nothing is limited');
  });

  it('has colours for a terminal only', () => {
    expect(reportText(WELL, true)).toContain('\x1b[32m✓\x1b[0m');
    expect(reportText(WELL, false)).not.toContain('\x1b');
  });

  it('refuses what it does not know', async () => {
    await expect(doctor(['now'])).rejects.toMatchObject({ status: 2, message: "doctor takes no 'now'" });
    await expect(doctor(['--self-test'])).rejects.toMatchObject({ status: 2 });
    await expect(doctor(['--source', 'moon'])).rejects.toMatchObject({ status: 2 });
  });
});
