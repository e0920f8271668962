// What Weir gets tokens with changes in files, Vault and AWS Secrets Manager while calls go on: the new secret is tried at
// the issuer, a bad one is rolled back, and no call fails.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { startGuarded } from '../fixtures/guarded_server.mjs';
import { startSecretsManager } from '../fixtures/secretsmanager_double.mjs';
import { startVault } from '../fixtures/vault_double.mjs';
import { bodyOf, closed, listening, say } from './doorkeeper.mjs';
import { direct, eventually, killAll, scratch, sleep, startWeir, stopAll } from './harness.mjs';
import { modernHeaders, rpc, withMeta } from './raw.mjs';

const kSkip = { skip: direct && 'direct: there is no gateway' };
const kRotations = 15; // of each kind
const kAwsKeys = { keyId: 'AKIDTEST', secretKey: 'aws/secret+key-of-the-test', session: 'aws-session-of-the-test' };

/** Gives tokens of a guarded server to whom it knows by one of the last two secrets. */
class Issuer {
  secrets = [];
  used = -1;     // number of the last secret that was good
  refused = [];
  constructor(guarded) { this.guarded = guarded; }
  async start() {
    this.server = createServer((req, res) => void this.serve(req, res).catch(() => res.destroy()));
    this.url = `http://127.0.0.1:${await listening(this.server)}`;
    return this;
  }
  issue() {
    this.secrets.push(`client-secret-${this.secrets.length}-${Math.random().toString(36).slice(2)}`);
    return this.secrets.at(-1);
  }
  async serve(req, res) {
    const { client_secret: secret } = Object.fromEntries(new URLSearchParams(await bodyOf(req)));
    const number = this.secrets.lastIndexOf(secret);
    if (number < 0 || number < this.secrets.length - 2) {
      this.refused.push(secret);
      return say(res, 401, { error: 'invalid_client' });
    }
    this.used = number;
    return say(res, 200, { access_token: this.guarded.issue(1000), token_type: 'Bearer', expires_in: 600 });
  }
  stop() { return closed(this.server); }
}

describe('client secrets', { timeout: 240_000, ...kSkip }, () => {
  const folder = scratch();
  const file = join(folder, 'secret');
  const issuers = {};
  const guarded = {};
  let vault;
  let aws;
  let gate;

  const put = {
    file: secret => { writeFileSync(`${file}.new`, secret); renameSync(`${file}.new`, file); },
    vault: secret => vault.put('mcp/client', { secret }),
    aws: secret => aws.put('team/client', { SECRET: secret }),
  };
  const kinds = Object.keys(put);

  async function call(server) {
    const answer = await fetch(gate.mcp, { method: 'POST',
      body: JSON.stringify(rpc('tools/call', withMeta({ name: `${server}__whoami`, arguments: {} }))),
      headers: modernHeaders('tools/call', { 'Mcp-Name': `${server}__whoami` }) });
    const text = await answer.text();
    const { result } = answer.ok ? JSON.parse(text) : {};
    if (!result || result.isError) throw new Error(`${server}: ${answer.status} ${text}`);
  }
  /** Calls all servers again and again until told to stop; what failed. */
  function startLoad() {
    const seen = { calls: 0, failures: [], over: false };
    const callers = kinds.map(async kind => {
      while (!seen.over) {
        await call(kind).catch(error => seen.failures.push(error.message));
        seen.calls += 1;
        await sleep(5);
      }
    });
    seen.stop = async () => { seen.over = true; await Promise.all(callers); return seen; };
    return seen;
  }
  const metric = async name => Number((await (await fetch(`${gate.admin}/metrics`)).text())
    .match(new RegExp(`^${name.replace(/[{}"]/g, '\\$&')} (\\S+)$`, 'm'))[1]);

  before(async () => {
    vault = await startVault({ roleId: 'role-of-the-test', secretId: 'secret-id-of-the-test' });
    aws = await startSecretsManager(kAwsKeys);
    for (const kind of kinds) {
      guarded[kind] = await startGuarded();
      issuers[kind] = await new Issuer(guarded[kind]).start();
      put[kind](issuers[kind].issue());
    }
    mkdirSync(join(folder, '.aws'));
    writeFileSync(join(folder, '.aws/credentials'), `[test]\naws_access_key_id = ${kAwsKeys.keyId}\n`
      + `aws_secret_access_key = ${kAwsKeys.secretKey}\naws_session_token = ${kAwsKeys.session}\n`);
    const secret = { file: `\${file:${file}}`, vault: '${vault:mcp/client#secret}', aws: '${aws-sm:team/client#SECRET}' };
    const servers = Object.fromEntries(kinds.map(kind => [kind, { url: guarded[kind].url,
      auth: { type: 'oauth', token_url: `${issuers[kind].url}/token`, client_id: 'weir', client_auth: 'post',
        client_secret: secret[kind] } }]));
    gate = await startWeir({}, {
      config: { servers, secrets: { refresh: '2s', overlap: '2s',
        vault: { address: vault.address, namespace: 'team', mount: 'kv', role_id: 'role-of-the-test',
          secret_id: 'secret-id-of-the-test' },
        aws: { region: aws.region, endpoint: aws.endpoint, profile: 'test' } } },
      env: { AWS_SHARED_CREDENTIALS_FILE: join(folder, '.aws/credentials') } });
    for (const kind of kinds) await eventually(`tokens for ${kind}`, () => issuers[kind].used === 0);
  });
  after(() => stopAll(gate, vault, aws, ...Object.values(issuers), ...Object.values(guarded)).finally(killAll));

  test('a new secret is tried at once, while calls go on with the token at hand (T-60, R-059)', async () => {
    const load = startLoad();
    for (let i = 0; i < kRotations; ++i) {
      for (const kind of kinds) put[kind](issuers[kind].issue());
      gate.child.process.kill('SIGHUP');
      for (const kind of kinds)
        await eventually(`secret ${i + 1} of ${kind}`, () => issuers[kind].used === issuers[kind].secrets.length - 1, 5_000);
    }
    const { calls, failures } = await load.stop();
    assert.deepEqual(failures.slice(0, 3), []);
    assert.deepEqual(kinds.flatMap(kind => issuers[kind].refused), []);
    console.log(`${kRotations * kinds.length} rotations, ${calls} calls, 0 failed`);
  });

  test('a bad new one is rolled back, tried no more, and no call fails (T-60, F-30)', async () => {
    const before = await metric('weir_secret_changes_total{result="rolled_back"}');
    const load = startLoad();
    for (const kind of kinds) put[kind](`bad-secret-of-${kind}`);
    gate.child.process.kill('SIGHUP');
    await eventually('three to be rolled back', async () =>
      await metric('weir_secret_changes_total{result="rolled_back"}') === before + 3, 20_000);
    await sleep(5_000);
    const { failures } = await load.stop();
    assert.deepEqual(failures.slice(0, 3), []);
    for (const kind of kinds) assert.deepEqual(issuers[kind].refused, [`bad-secret-of-${kind}`]);
    assert.match(gate.child.err, /secret\.rolled_back.*the issuer of server vault refuses the new value/);
    assert.doesNotMatch(gate.child.err, /bad-secret-of/);
  });

  test('the next good one is taken', async () => {
    const load = startLoad();
    for (const kind of kinds) put[kind](issuers[kind].issue());
    for (const kind of kinds)
      await eventually(`the next of ${kind}`, () => issuers[kind].used === issuers[kind].secrets.length - 1, 20_000);
    assert.deepEqual((await load.stop()).failures.slice(0, 3), []);
  });

  test('a secret that ended with its successor costs no call: the new one is fetched at once (F-28)', async () => {
    for (const kind of kinds) {
      const issuer = issuers[kind];
      issuer.secrets.push('in-between'); // so that only the newest and this one count
      put[kind](issuer.issue());
      guarded[kind].good = [];           // the tokens at hand have ended with it
      await call(kind);
      assert.equal(issuer.used, issuer.secrets.length - 1);
      await sleep(5_200);
    }
  });

  test('a value that the issuer learns late is taken once it refuses the one before (F-30)', async () => {
    const issuer = issuers.file;
    const late = 'a-secret-that-is-known-later';
    put.file(late);
    await eventually('it to be tried', async () => { await call('file'); return issuer.refused.includes(late); }, 20_000);
    await eventually('it to be rolled back', () => gate.child.err.includes('issuer of server file refuses the new value'));
    await sleep(5_200);
    issuer.secrets.push('in-between', late); // the one before is over
    guarded.file.good = [];
    await eventually('it to be used', () => call('file').then(() => true, () => false), 20_000);
    assert.equal(issuer.used, issuer.secrets.length - 1);
  });
});
