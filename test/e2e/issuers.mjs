// A real identity provider, and a socket that keeps what is sent through it.
import { connect, createServer } from 'node:net';
import { peerFile } from '../fixtures/peers.mjs';
import { freePort } from './harness.mjs';

export const kAudience = 'https://mcp.example.com/mcp';

/** An identity provider; `token` signs what it is given. */
export async function startIssuer(port) {
  const { OAuth2Server } = await import(peerFile('oauth2-mock-server', 'dist/index.mjs'));
  const server = new OAuth2Server();
  await server.issuer.keys.generate('RS256');
  await server.start(port ?? await freePort(), 'localhost');
  const token = (changes = {}, { header = {}, kid } = {}) => server.issuer.buildToken({ kid,
    scopesOrTransform: (head, payload) => {
      Object.assign(head, header);
      Object.assign(payload, { aud: kAudience, sub: 'ann', groups: ['eng'] }, changes);
      for (const [name, value] of Object.entries(changes)) if (value === undefined) delete payload[name];
    } });
  return { server, token, url: server.issuer.url, stop: () => server.stop() };
}

/** Passes bytes on to a port and keeps all that clients sent. */
export async function startTap(to) {
  const seen = [];
  const server = createServer(near => {
    const far = connect(to, '127.0.0.1');
    near.on('data', bytes => { seen.push(bytes); far.write(bytes); });
    far.on('data', bytes => near.write(bytes));
    for (const [one, other] of [[near, far], [far, near]]) one.on('error', () => {}).on('close', () => other.destroy());
  });
  const port = await freePort();
  await new Promise(done => { server.listen(port, '127.0.0.1', done); });
  return { url: `http://127.0.0.1:${port}/mcp`, text: () => Buffer.concat(seen).toString('latin1'),
    stop: () => new Promise(done => { server.close(done); server.closeAllConnections?.(); }) };
}
