import { CompareRecordings } from '../../components/views/compare/CompareRecordings.tsx';

type Query = Readonly<Record<string, string | string[] | undefined>>;

export default async function Page({ searchParams }: { searchParams: Promise<Query> }) {
  const { a, b } = await searchParams;
  return <CompareRecordings a={only(a)} b={only(b)} />;
}

/** What is said once; '' for anything else. */
const only = (value: string | string[] | undefined): string => (typeof value === 'string' ? value : '');
