// The matrix of the sdk_*.test.mjs files: real clients of both eras, over HTTP and as Weir's parent on stdio, at /mcp,
// behind which servers of every kind stand together. With WEIR_E2E=direct each client talks to one server of its own
// era without a gateway, which proves the tests.
import { connect } from './clients.mjs';
import { direct, startFixture, startWeir, stdioFixture, stopAll, weirBin } from './harness.mjs';

const named = id => ['--id', id];
export const kServers = {
  oldpipe: { eras: ['legacy'], make: () => stdioFixture('stdio_legacy.mjs', named('oldpipe')) },
  oldweb: { eras: ['legacy'], make: () => startFixture('http_legacy.mjs', named('oldweb')) },
  oldsse: { eras: ['legacy'], sse: true, make: () => startFixture('sse_legacy.mjs', named('oldsse')) },
  newpipe: { eras: ['modern'], make: () => stdioFixture('stdio_modern.mjs', named('newpipe')) },
  newweb: { eras: ['modern'], make: () => startFixture('http_dual.mjs', [...named('newweb'), '--eras', 'modern']) },
  dual: { eras: ['legacy', 'modern'], make: () => startFixture('http_dual.mjs', named('dual')) },
};

/** How clients come in. */
export const kDoors = ['legacy', 'modern'].flatMap(era => (direct ? ['http'] : ['http', 'stdio'])
  .map(via => ({ era, via, name: `${era} client over ${via}` })));

/** The servers to meet at one door; without a gateway only those of its era understand the client. */
export const serversFor = ({ era }, servers = kServers) =>
  Object.keys(servers).filter(name => !direct || servers[name].eras.includes(era));

/** Starts these servers and Weir before them; gives a World. more: as startWeir takes it. */
export async function startWorld(servers = kServers, more = {}) {
  const world = new World();
  try {
    for (const [name, { sse, make }] of Object.entries(servers)) world.servers[name] = { sse, ...await make() };
    if (!direct) world.weir = await startWeir(world.servers, more);
  } catch (error) {
    await world.stop().catch(() => {});
    throw error;
  }
  return world;
}

class World {
  servers = {};
  clients = new Map();

  /** A client that came in by that door, opened at its first use, as seen from one server; user: see person.mjs. */
  async seat(door, server, user) {
    const key = `${door.name} ${direct ? server : ''} ${user.name}`;
    if (!this.clients.has(key)) this.clients.set(key, connect(door.era, this.targetOf(door, server), {}, user));
    return new Seat(await this.clients.get(key), server, user);
  }

  targetOf(door, server) {
    if (direct) return this.servers[server].sse ? { sse: this.servers[server].url } : this.servers[server];
    if (door.via === 'http') return { url: this.weir.mcp };
    return { command: weirBin, args: ['run', '--stdio', this.weir.file], env: {} };
  }

  ledger(server) { return this.servers[server].ledger(); }
  facts(server, event, tag) {
    return this.ledger(server).filter(fact => fact.event === event && fact.tag === tag);
  }

  async stop() {
    const clients = await Promise.allSettled(this.clients.values());
    await stopAll(...clients.map(({ value }) => value), this.weir, ...Object.values(this.servers));
  }
}

/** One client and the prefix under which it sees one server. */
class Seat {
  constructor(client, server, user) {
    this.client = client;
    this.server = server;
    this.user = user;
    this.prefix = direct ? '' : `${server}__`;
  }
  name(bare) { return this.prefix + bare; }
  call(tool, args, options) { return this.client.call(this.name(tool), args, options); }
  prompt(name, args) { return this.client.getPrompt(this.name(name), args); }
  read(path) { return this.client.readResource(`${this.server}://${path}`); }
}
