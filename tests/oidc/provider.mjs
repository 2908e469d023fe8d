// A certified OpenID Connect provider for the tests of the gateway, on a loopback address and a port of its own.
//
// It is told what to do by lines on its standard input and answers each by one line; when its input ends, so does it.
//
//   keys A B …  publishes keys of these names, each made when it is first named; the first signs
//   down        stops answering
//   up          answers again, where it did before

import { X509Certificate, generateKeyPairSync } from 'node:crypto';
import { createServer } from 'node:http';
import { createInterface } from 'node:readline';

import Provider from 'oidc-provider';

const RESOURCE = 'https://gateway.example/';

const made = new Map();

function key(name) {
  if (!made.has(name)) {
    const jwk = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' });
    made.set(name, { ...jwk, kid: name, use: 'sig', alg: 'ES256' });
  }
  return made.get(name);
}

function client(id, more) {
  return {
    client_id: id,
    client_secret: 'secret',
    grant_types: ['client_credentials'],
    redirect_uris: [],
    response_types: [],
    id_token_signed_response_alg: 'ES256',
    ...more,
  };
}

function provider(issuer, names) {
  return new Provider(issuer, {
    clients: [client('kela-system'), client('kela-bound', { tls_client_certificate_bound_access_tokens: true })],
    cookies: { keys: ['none is ever set'] },
    extraTokenClaims: () => ({
      organisation: { business_id: '0246246-0' },
      resource_access: { 'disclosure-gateway': { roles: ['kela-system', 'offline_access'] } },
    }),
    features: {
      clientCredentials: { enabled: true },
      devInteractions: { enabled: false },
      mTLS: {
        enabled: true,
        certificateBoundAccessTokens: true,
        // The client's certificate, as a proxy that ended TLS would pass it on.
        getCertificate: (ctx) => {
          const sequence = ctx.get('client-cert');
          return sequence ? new X509Certificate(Buffer.from(sequence.slice(1, -1), 'base64')) : undefined;
        },
      },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: () => ({
          audience: 'disclosure-gateway',
          accessTokenFormat: 'jwt',
          accessTokenTTL: 600,
          jwt: { sign: { alg: 'ES256', kid: names[0] } },
          scope: '',
        }),
        useGrantedResource: () => true,
      },
    },
    jwks: { keys: names.map(key) },
  });
}

let answer = (_, response) => response.writeHead(503).end();
let server;
let port = 0;

function up() {
  server = createServer((request, response) => answer(request, response));
  return new Promise((done, failed) => server.once('error', failed).listen(port, '127.0.0.1', done)).then(() => {
    port = server.address().port;
  });
}

function down() {
  return new Promise((done) => {
    server.close(done);
    server.closeAllConnections();
  });
}

// What the provider warns of does not concern tests; standard output is for answers.
console.info = console.warn = console.error;

await up();
const issuer = `http://127.0.0.1:${port}`;
console.log(`${issuer} ${RESOURCE}`);
for await (const line of createInterface({ input: process.stdin })) {
  const [order, ...names] = line.split(' ');
  if (order === 'keys') {
    answer = provider(issuer, names).callback();
  } else if (order === 'down') {
    await down();
  } else if (order === 'up') {
    await up();
  } else {
    throw new Error(`unknown order: ${order}`);
  }
  console.log('done');
}
process.exit(0);
