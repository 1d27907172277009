import { Dashboard } from '../../../components/views/shell/Dashboard.tsx';

export default async function Page({ params }: { params: Promise<{ name: string }> }) {
  const { name } = await params;
  return <Dashboard recording={decodeURIComponent(name)} />;
}
