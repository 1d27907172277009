/**
 * The dashboard is one client-rendered page behind a custom server (server/), which sets the security headers.
 * Types are checked by `npm run check` for the whole project at once, not a second time by Next.
 */

/** PHASE_PRODUCTION_BUILD of next/constants, which the Debian package does not have. */
const BUILD = 'phase-production-build';

/** @type {(phase: string) => import('next').NextConfig} */
const config = (phase) => ({
  reactStrictMode: true,
  poweredByHeader: false,
  devIndicators: false,
  // browsers ask for this one too when a page is left before its head is read
  rewrites: async () => [{ source: '/favicon.ico', destination: '/icon.svg' }],
  images: { unoptimized: true },
  typescript: { ignoreBuildErrors: true },
  turbopack: { root: import.meta.dirname },
  // names the folder of files that browsers keep; scripts/build gives one name to the same sources, otherwise it is Next's, by chance
  generateBuildId: () => process.env.PAGES_BUILD_ID ?? null,
  // Next puts aside what it needs to run, a tenth of it; packaging/modules.mjs takes it. A server is not told, or it would complain
  ...(phase === BUILD && { output: 'standalone' }),
});

export default config;
