/**
 * The dashboard is one client-rendered page behind a custom server (server/), which sets the security headers.
 * Types are checked by `npm run check` for the whole project at once, not a second time by Next.
 */
/** @type {import('next').NextConfig} */
const config = {
  reactStrictMode: true,
  poweredByHeader: false,
  devIndicators: false,
  // browsers ask for this one too when a page is left before its head is read
  rewrites: async () => [{ source: '/favicon.ico', destination: '/icon.svg' }],
  images: { unoptimized: true },
  typescript: { ignoreBuildErrors: true },
  turbopack: { root: import.meta.dirname },
};

export default config;
