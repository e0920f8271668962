// Runs the end-to-end tests and prints, at the end, one line {"passed":N,"failed":N,"skipped":[{"name","reason"}]}.
// Usage: run.mjs [--out FILE] [NAME]...   (NAME: part of a file's name; default: all)
// WEIR_BIN is the gateway; WEIR_E2E=direct tests the tests: clients talk to the fixtures without a gateway.
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { run } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { repo } from '../fixtures/peers.mjs';

const kFileMs = 600_000;
const kShownBytes = 3000;
const here = dirname(fileURLToPath(import.meta.url));
const { values: given, positionals: wanted } = parseArgs({ allowPositionals: true, options: {
  out: { type: 'string', default: join(repo, 'build/e2e.json') } } });
const files = readdirSync(here).sort()
  .filter(file => file.endsWith('.test.mjs') && (wanted.length === 0 || wanted.some(part => file.includes(part))));
if (files.length === 0) throw new Error(`no test file is named like ${wanted.join(' or ')}`);

const summary = { passed: 0, failed: 0, skipped: [] };

/** Runs one file in its own process; gives its counts. */
async function runFile(file) {
  const count = { passed: 0, failed: 0, skipped: 0 };
  const suites = [];
  const started = Date.now();
  const isWhole = data => data.name.endsWith(file);
  for await (const { type, data } of run({ files: [join(here, file)], concurrency: 1, timeout: kFileMs })) {
    if (type === 'test:start') suites[data.nesting] = data.name;
    if (type === 'test:diagnostic' && data.nesting > 1) console.log(`    ${data.message}`);
    if (type !== 'test:pass' && type !== 'test:fail') continue;
    const name = [file, ...suites.slice(0, data.nesting), data.name].join(' > ');
    if (data.skip !== undefined && data.skip !== false) {
      count.skipped++;
      const reason = typeof data.skip === 'string' ? data.skip : '';
      if (!reason) throw new Error(`${name} is skipped without a reason`);
      summary.skipped.push({ name, reason });
    } else if (type === 'test:fail') {
      const kind = data.details.error?.failureType;
      if (kind === 'subtestsFailed' || (isWhole(data) && count.failed > 0)) continue;
      count.failed++;
      const error = data.details.error?.cause ?? data.details.error;
      const cause = kind === 'cancelledByParent' ? 'the set-up failed' : error;
      const text = String(cause?.message ?? cause).replaceAll('\n', '\n    ').slice(0, kShownBytes);
      console.log(`  not ok ${name}\n    ${text}`);
    } else if (data.details.type !== 'suite' && !isWhole(data)) {
      count.passed++;
    }
  }
  summary.passed += count.passed;
  summary.failed += count.failed;
  const seconds = ((Date.now() - started) / 1000).toFixed(1);
  console.log(`${relative(repo, join(here, file)).padEnd(36)} ${count.passed} passed, ${count.failed} failed, `
    + `${count.skipped} skipped, ${seconds} s`);
}

for (const file of files) await runFile(file);
mkdirSync(dirname(given.out), { recursive: true });
writeFileSync(given.out, JSON.stringify(summary, null, 1) + '\n');
for (const { name, reason } of summary.skipped) console.log(`skipped: ${name}: ${reason}`);
console.log(JSON.stringify(summary));
process.exitCode = summary.failed || summary.passed + summary.skipped.length === 0 ? 1 : 0;
