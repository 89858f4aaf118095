import type { NextConfig } from 'next';

const config: NextConfig = {
  // It speaks gRPC: loaded as it is, not bundled.
  serverExternalPackages: ['@budget-arbiter/client'],
};

export default config;
