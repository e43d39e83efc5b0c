// A real OpenID provider for the tests: one client for each subject, and access tokens as JWTs (RFC 9068).
import { generateKeyPairSync } from 'node:crypto';
import Provider from 'oidc-provider';

const [issuer, port, kid, ...subjects] = process.argv.slice(2);
const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const key = { ...privateKey.export({ format: 'jwk' }), kid, use: 'sig', alg: 'ES256' };
const audience = 'alongside';
const resource = 'urn:alongside';

const provider = new Provider(issuer, {
  jwks: { keys: [key] },
  clients: subjects.map((client_id) => ({
    client_id,
    client_secret: 'for tests alone',
    grant_types: ['client_credentials'],
    redirect_uris: [],
    response_types: [],
    id_token_signed_response_alg: 'ES256',
  })),
  features: {
    clientCredentials: { enabled: true },
    devInteractions: { enabled: false },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => resource,
      useGrantedResource: () => true,
      getResourceServerInfo: () => ({
        scope: 'use',
        audience,
        accessTokenFormat: 'jwt',
        jwt: { sign: { alg: 'ES256' } },
      }),
    },
  },
});
provider.listen(Number(port), '127.0.0.1');
