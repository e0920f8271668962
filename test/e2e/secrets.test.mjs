// Secrets in files, Vault and AWS Secrets Manager that change while calls go on: none fails, bad ones are rolled back,
// an outage costs nothing, and no value is found where people or children can read it.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { startGuarded } from '../fixtures/guarded_server.mjs';
import { startSecretsManager } from '../fixtures/secretsmanager_double.mjs';
import { startVault } from '../fixtures/vault_double.mjs';
import { cleanEnv, direct, eventually, killAll, scratch, sleep, startWeir, stopAll, weirBin } from './harness.mjs';
import { modernHeaders, rpc, withMeta } from './raw.mjs';

const kSkip = { skip: direct && 'direct: there is no gateway' };
const kRotations = 100;
const kAfterSignalMs = 5_000;
const kPollingMs = 60_000;
const kCanary = 'canary-in-the-environment-4711';
const kAwsKeys = { keyId: 'AKIDTEST', secretKey: 'aws/secret+key-of-the-test', session: 'aws-session-of-the-test' };

describe('secrets', { timeout: 300_000, ...kSkip }, () => {
  const folder = scratch();
  const keyFile = join(folder, 'token');
  const guarded = {};
  let vault;
  let aws;
  let gate;
  let load;

  const writeKey = token => {
    writeFileSync(`${keyFile}.new`, `${token}\n`);
    renameSync(`${keyFile}.new`, keyFile);
  };
  const put = {
    file: token => writeKey(token),
    vault: token => vault.put('mcp/guarded', { token, other: 'x' }),
    aws: token => aws.put('team/guarded', { TOKEN: token }),
  };
  const kinds = Object.keys(put);

  async function call(server) {
    const body = rpc('tools/call', withMeta({ name: `${server}__whoami`, arguments: {} }));
    const answer = await fetch(gate.mcp, { method: 'POST', body: JSON.stringify(body),
      headers: modernHeaders('tools/call', { 'Mcp-Name': `${server}__whoami` }) });
    const text = await answer.text();
    const { result } = answer.ok ? JSON.parse(text) : {};
    if (!result || result.isError) throw new Error(`${server}: ${answer.status} ${text}`);
    return Number(result.content[0].text);
  }

  /** Calls all servers again and again, from three callers, until told to stop; {calls, failures}. */
  function startLoad() {
    const seen = { calls: 0, failures: [], over: false };
    const caller = async server => {
      while (!seen.over) {
        await call(server).catch(error => seen.failures.push(error.message));
        seen.calls += 1;
        await sleep(5);
      }
    };
    const callers = kinds.map(caller);
    seen.stop = async () => { seen.over = true; await Promise.all(callers); return seen; };
    return seen;
  }

  const metric = async name => Number((await (await fetch(`${gate.admin}/metrics`)).text())
    .match(new RegExp(`^${name.replace(/[{}"]/g, '\\$&')} (\\S+)$`, 'm'))[1]);
  const weir = (...args) => promisify(execFile)(weirBin, [...args, '--config', gate.file], { env: cleanEnv({}) })
    .then(done => ({ code: 0, ...done }), error => error);
  const inUse = (kind, number, limit) => eventually(`token ${number} of ${kind}`,
    async () => await call(kind) === number, limit);

  before(async () => {
    vault = await startVault({ roleId: 'role-of-the-test', secretId: 'secret-id-of-the-test' });
    aws = await startSecretsManager(kAwsKeys);
    for (const kind of kinds) {
      guarded[kind] = await startGuarded();
      put[kind](guarded[kind].issue());
    }
    writeFileSync(join(folder, 'secret-id'), 'secret-id-of-the-test');
    mkdirSync(join(folder, '.aws'));
    writeFileSync(join(folder, '.aws/credentials'), `[test]\naws_access_key_id = ${kAwsKeys.keyId}\n`
      + `aws_secret_access_key = ${kAwsKeys.secretKey}\naws_session_token = ${kAwsKeys.session}\n`);
    const token = { file: `\${file:${keyFile}}`, vault: '${vault:mcp/guarded#token}', aws: '${aws-sm:team/guarded#TOKEN}' };
    const servers = Object.fromEntries(kinds.map(kind => [kind, { url: guarded[kind].url,
      auth: { type: 'bearer', token: token[kind] } }]));
    servers.child = { command: process.execPath, args: ['-e', kChild], env: { OWN: 'own-variable' } };
    gate = await startWeir({}, {
      config: { servers, secrets: { refresh: '2s', overlap: '2s',
        vault: { address: vault.address, namespace: 'team', mount: 'kv', role_id: 'role-of-the-test',
          secret_id: `\${file:${join(folder, 'secret-id')}}` },
        aws: { region: aws.region, endpoint: aws.endpoint, profile: 'test' } } },
      env: { WEIR_CANARY: kCanary, AWS_SHARED_CREDENTIALS_FILE: join(folder, '.aws/credentials') } });
    for (const kind of kinds) await inUse(kind, 0);
  });
  after(() => stopAll(gate, vault, aws, ...Object.values(guarded)).finally(killAll));

  test(`${kRotations} rotations under load: no request fails (T-60, R-058, R-059, F-28)`, async () => {
    load = startLoad();
    let slowest = 0;
    for (let i = 0; i < kRotations; ++i) {
      const kind = kinds[i % kinds.length];
      put[kind](guarded[kind].issue());
      const begun = Date.now();
      const signal = i % 2 === 0;
      if (signal) gate.child.process.kill('SIGHUP');
      await inUse(kind, guarded[kind].all.length - 1, signal ? kAfterSignalMs : kPollingMs);
      if (signal) slowest = Math.max(slowest, Date.now() - begun);
    }
    const { calls, failures } = await load.stop();
    assert.deepEqual(failures.slice(0, 3), []);
    assert.ok(calls > kRotations, `only ${calls} calls`);
    assert.ok(slowest <= kAfterSignalMs);
    console.log(`${kRotations} rotations, ${calls} calls, 0 failed; at most ${slowest} ms after a signal`);
  });

  test('the AppRole logged in and its token was renewed: nothing was refused (F-29)', async () => {
    assert.ok(vault.seen.renewals > 0);
    assert.equal(vault.seen.expired, 0);
    assert.equal(vault.seen.refused, 0);
    assert.equal(aws.seen.refused, 0);
  });

  test('a token that is revoked with its rotation costs no request: the new one is fetched at once', async () => {
    for (const kind of kinds) {
      put[kind](guarded[kind].issue(0));
      assert.equal(await call(kind), guarded[kind].all.length - 1);
      await sleep(5_200); // stores are asked out of turn once in five seconds
    }
  });

  test('a bad new secret is rolled back, and no request fails (F-30, T-60)', async () => {
    const before = await metric('weir_secret_changes_total{result="rolled_back"}');
    load = startLoad();
    for (const kind of kinds) put[kind](`bad-secret-of-${kind}`);
    gate.child.process.kill('SIGHUP');
    await eventually('three to be rolled back', async () =>
      await metric('weir_secret_changes_total{result="rolled_back"}') === before + 3, 20_000);
    const refused = kinds.map(kind => guarded[kind].refused);
    await sleep(5_000);
    assert.deepEqual(kinds.map(kind => guarded[kind].refused), refused, 'the bad one is not tried again');
    const { failures } = await load.stop();
    assert.deepEqual(failures.slice(0, 3), []);
    const listed = await weir('secrets');
    assert.equal(listed.code, 1);
    assert.equal(listed.stdout.match(/rolled back/g).length, 3, listed.stdout);
    for (const kind of kinds) {
      put[kind](guarded[kind].issue());
      await inUse(kind, guarded[kind].all.length - 1, 20_000);
    }
    await eventually('all to be well', async () => (await weir('secrets')).code === 0, 20_000);
  });

  test('a store that is down costs nothing but an alarm (F-29)', async () => {
    vault.down = true;
    load = startLoad();
    await eventually('the alarm', async () => await metric('weir_secrets_failing') === 1, 20_000);
    const { failures } = await load.stop();
    assert.deepEqual(failures.slice(0, 3), []);
    vault.down = false;
    await eventually('the end of the alarm', async () => await metric('weir_secrets_failing') === 0, 20_000);
  });

  test('what is too old is said, with what to do by hand (R-055, R-056)', async () => {
    const token = guarded.vault.issue();
    vault.put('mcp/guarded', { token }, 91);
    gate.child.process.kill('SIGHUP');
    await inUse('vault', guarded.vault.all.length - 1);
    await eventually('it to be overdue', async () => await metric('weir_secrets_overdue') === 1);
    const rotate = await weir('secrets', 'rotate');
    assert.equal(rotate.code, 1);
    assert.match(rotate.stdout, /vault:mcp\/guarded#token \(old, due .*\n.*by hand/);
    await eventually('the warning', () => /secret\.old/.test(gate.child.err), 20_000);
    put.vault(guarded.vault.issue());
    await inUse('vault', guarded.vault.all.length - 1, 20_000);
    assert.match((await weir('secrets', 'rotate', 'vault:mcp/guarded#token')).stdout, /vault kv patch -namespace=team -mount=kv mcp\/guarded token=-\n/);
  });

  test('a planted secret is in no log, metric, answer or child (T-58, F-57)', async () => {
    const values = [kCanary, ...Object.values(kAwsKeys).slice(1), 'secret-id-of-the-test', 'bad-secret-of-file',
      'bad-secret-of-vault', 'bad-secret-of-aws', ...kinds.flatMap(kind => guarded[kind].all)];
    const pages = await Promise.all(['/metrics', '/api/v1/status', '/api/v1/secrets', '/readyz?verbose', '/nothing']
      .map(async path => `${path}\n${await (await fetch(gate.admin + path)).text()}`));
    const list = await fetch(gate.mcp, { method: 'POST', headers: modernHeaders('tools/list'),
      body: JSON.stringify(rpc('tools/list', withMeta())) });
    const told = (await weir('secrets', '--json')).stdout + (await weir('secrets', 'rotate')).stdout;
    const shown = [...pages, await list.text(), gate.child.out, gate.child.err, told].join('\n');
    assert.ok(shown.length > 10_000);
    assert.deepEqual(values.filter(value => shown.includes(value)), []);
    const [child] = await eventually('the child', () => childOf(gate.pid));
    assert.match(child, /OWN=own-variable/);
    assert.deepEqual(values.filter(value => child.includes(value)), []);
    assert.doesNotMatch(child, /WEIR_CANARY|AWS_/);
  });

  test('core dumps are off (T-58)', () => {
    assert.match(readFileSync(`/proc/${gate.pid}/limits`, 'utf8'), /^Max core file size +0 +0 /m);
  });
});

describe('a secret that two servers use', { timeout: 120_000, ...kSkip }, () => {
  test('the one that refuses the new value is named, whichever speaks first (F-30)', async () => {
    const key = join(scratch(), 'shared');
    const write = token => { writeFileSync(`${key}.new`, token); renameSync(`${key}.new`, key); };
    const guarded = { ann: await startGuarded(), bob: await startGuarded() };
    const both = Object.values(guarded);
    both.forEach(server => { server.good = ['the-first-shared-token']; });
    write('the-first-shared-token');
    const servers = Object.fromEntries(Object.entries(guarded).map(([name, { url }]) => [name, { url,
      auth: { type: 'bearer', token: `\${file:${key}}` } }]));
    const gate = await startWeir({}, { config: { servers, secrets: { refresh: '2s', overlap: '2s' } } });
    const call = async server => (await fetch(gate.mcp, { method: 'POST',
      body: JSON.stringify(rpc('tools/call', withMeta({ name: `${server}__whoami`, arguments: {} }))),
      headers: modernHeaders('tools/call', { 'Mcp-Name': `${server}__whoami` }) })).status;
    const shown = async () => promisify(execFile)(weirBin, ['secrets', '--config', gate.file], { env: cleanEnv({}) })
      .then(done => ({ code: 0, ...done }), error => error);
    try {
      await eventually('both to answer', async () => await call('ann') === 200 && await call('bob') === 200);
      guarded.ann.good = ['the-second-shared-token'];
      write('the-second-shared-token');
      await eventually('ann to take it', async () => { await call('ann'); return (await shown()).code === 0; }, 20_000);
      await eventually('bob to be named', async () => {
        await call('bob');
        const { code, stdout } = await shown();
        return code === 1 && /refused by bob .*\n.*weir ctl reload/.test(stdout);
      }, 20_000);
      guarded.bob.good = ['the-second-shared-token'];
      await sleep(5_200);
      gate.child.process.kill('SIGHUP');
      await eventually('bob to have taken it', async () => { await call('bob'); return (await shown()).code === 0; }, 20_000);
    } finally {
      await stopAll(gate, ...both);
    }
  });
});

// A program that is no MCP server but stays: its environment is what counts.
const kChild = 'setInterval(() => {}, 1000); process.title = "weir-secrets-child";';

/** The environments of the processes below pid that run kChild. */
async function childOf(pid) {
  const { stdout } = await promisify(execFile)('ps', ['-e', '-o', 'pid=,args=']);
  const ids = stdout.split('\n').filter(line => /weir-secrets-child/.test(line)).map(line => line.trim().split(/\s+/)[0]);
  const texts = ids.flatMap(id => {
    try { return [readFileSync(`/proc/${id}/environ`, 'utf8')]; } catch { return []; }
  });
  return texts.length > 0 && pid > 0 ? texts.filter(text => text.includes('OWN=')) : undefined;
}
