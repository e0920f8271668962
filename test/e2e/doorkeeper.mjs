// What stands before a fixture and lets in whom a test's own rule does; small things that imitated issuers need too.
import { createServer, request as forward } from 'node:http';

export const listening = server => new Promise(done => server.listen(0, '127.0.0.1', () => done(server.address().port)));
export const closed = server => new Promise(done => { server.closeAllConnections(); server.close(done); });
export const bodyOf = async req => { const parts = []; for await (const part of req) parts.push(part); return Buffer.concat(parts).toString(); };
export const say = (res, status, body) => res.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));

/** A server that wants tokens. Subclasses have `refusal(token, req)`: nothing for who may pass, else { status, challenge }. */
export class Doorkeeper {
  more = {};  // of its metadata
  async start(fixture, issuer) {
    this.server = createServer((req, res) => void this.serve(req, res, fixture, issuer).catch(() => res.destroy()));
    this.port = await listening(this.server);
    this.url = `http://127.0.0.1:${this.port}/mcp`;
    this.resource = this.url;
    return this;
  }
  async serve(req, res, fixture, issuer) {
    if (req.url === `/.well-known/oauth-protected-resource${new URL(this.resource).pathname}`) {
      return say(res, 200, { resource: this.resource, authorization_servers: [issuer.url], ...this.more });
    }
    const { authorization = '', ...headers } = req.headers;
    const refusal = await this.refusal(authorization.replace(/^Bearer /, ''), req);
    if (refusal) return res.writeHead(refusal.status, { 'www-authenticate': refusal.challenge }).end();
    const onward = forward({ port: fixture.port, host: '127.0.0.1', method: req.method, path: req.url, headers }, answer => {
      res.writeHead(answer.statusCode, answer.headers);
      answer.pipe(res);
    });
    onward.on('error', () => res.destroy());
    res.on('close', () => onward.destroy());
    return req.pipe(onward);
  }
  stop() { return closed(this.server); }
}
