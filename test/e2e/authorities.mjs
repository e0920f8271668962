// Private authorities and certificates, made by openssl; and an HTTPS door in front of a plain HTTP fixture.
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { createServer } from 'node:https';
import { join } from 'node:path';
import { scratch } from './harness.mjs';

const openssl = (...args) => execFileSync('openssl', args, { stdio: ['ignore', 'pipe', 'ignore'] });
const newKey = file => openssl('genpkey', '-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256', '-out', file);

/** An authority of its own; `issue` gives {cert, key, certFile, keyFile}. */
export class Authority {
  constructor(name) {
    this.dir = scratch();
    this.keyFile = join(this.dir, 'ca.key');
    this.file = join(this.dir, 'ca.pem');
    newKey(this.keyFile);
    openssl('req', '-x509', '-new', '-key', this.keyFile, '-subj', `/CN=${name}`, '-days', '2', '-out', this.file,
      '-addext', 'basicConstraints=critical,CA:TRUE');
    this.pem = readFileSync(this.file, 'utf8');
    this.count = 0;
  }

  issue(commonName, { names = 'IP:127.0.0.1,DNS:localhost', days = 2 } = {}) {
    const at = join(this.dir, `${++this.count}`);
    newKey(`${at}.key`);
    openssl('req', '-new', '-key', `${at}.key`, '-subj', `/O=Weir tests/CN=${commonName}`, '-out', `${at}.csr`);
    writeFileSync(`${at}.ext`, `subjectAltName=${names}\n`);
    openssl('x509', '-req', '-in', `${at}.csr`, '-CA', this.file, '-CAkey', this.keyFile, '-CAcreateserial',
      '-days', String(days), '-extfile', `${at}.ext`, '-out', `${at}.pem`);
    const read = suffix => readFileSync(`${at}${suffix}`, 'utf8');
    return { cert: read('.pem'), key: read('.key'), certFile: `${at}.pem`, keyFile: `${at}.key` };
  }
}

/** HTTPS in front of a fixture; notes who connects. `identity` of issue(); `clients`: PEM of those to demand. */
export async function startTlsDoor(fixture, identity, { clients, port = 0 } = {}) {
  const seen = { subjects: new Set(), resumed: 0, connections: 0 };
  const sockets = new Set();
  const more = clients && { ca: clients, requestCert: true, rejectUnauthorized: true };
  const door = { seen, closing: false };
  const server = createServer({ cert: identity.cert, key: identity.key, ...more }, (asked, answer) => {
    const sent = request({ host: '127.0.0.1', port: fixture.port, path: asked.url, method: asked.method,
      headers: asked.headers, agent: false }, got => {
      answer.writeHead(got.statusCode, { ...got.headers, connection: door.closing ? 'close' : 'keep-alive' });
      got.pipe(answer);
    });
    sent.on('error', () => answer.destroy());
    answer.on('close', () => sent.destroy());
    asked.pipe(sent);
  });
  server.keepAliveTimeout = 60_000;
  server.on('tlsClientError', () => {});
  server.on('secureConnection', socket => {
    seen.connections++;
    if (socket.isSessionReused()) seen.resumed++;
    const subject = socket.getPeerCertificate()?.subject;
    if (subject) seen.subjects.add(subject.CN);
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise(done => server.listen(port, '127.0.0.1', done));
  return Object.assign(door, {
    port: server.address().port,
    url: `https://127.0.0.1:${server.address().port}/mcp`,
    /** From the next connection on. */
    become: next => server.setSecureContext({ cert: next.cert, key: next.key, ...(clients && { ca: clients }) }),
    hangUp: () => { for (const socket of sockets) socket.destroy(); },
    stop: () => new Promise(done => {
      for (const socket of sockets) socket.destroy();
      server.close(done);
    }),
  });
}
