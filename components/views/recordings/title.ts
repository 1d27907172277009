/** What a recording's name says: `2026-11-30T11-33-16.164Z-lab.2` is the second part of a session of the lab's. */
export function titleOf(name: string): { readonly of: string; readonly part: string; readonly text: string } {
  const [, day, hour, minute, second, of, part = ''] =
    /^(\d{4}-\d\d-\d\d)T(\d\d)-(\d\d)-(\d\d)\.\d{3}Z-(.*?)(?:\.(\d+))?$/.exec(name) ?? [];
  if (day === undefined || of === undefined) return { of: name, part: '', text: name };
  return {
    of,
    part,
    text: `${of}, ${day} ${hour}:${minute}:${second} UTC${part === '' ? '' : `, part ${part}`}`,
  };
}
