// A real OpenID provider for the tests: one client for each subject, and access tokens as JWTs (RFC 9068). Those of subjects that begin with
// `bound-` are bound to the certificate (RFC 8705) that the header `client-cert` has, as a proxy in front passes it on.
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
    tls_client_certificate_bound_access_tokens: client_id.startsWith('bound-'),
  })),
  features: {
    clientCredentials: { enabled: true },
    devInteractions: { enabled: false },
    mTLS: {
      enabled: true,
      certificateBoundAccessTokens: true,
      getCertificate: (ctx) => ctx.get('client-cert') || undefined,
    },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => resource,
      useGrantedResource: () => true,
      getResourceServerInfo: () => ({
        scope: 'use alongside:receive alongside:answer-recalls',
        audience,
        accessTokenFormat: 'jwt',
        jwt: { sign: { alg: 'ES256' } },
      }),
    },
  },
});
provider.listen(Number(port), '127.0.0.1');
