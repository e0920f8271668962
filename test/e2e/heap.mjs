// Looks into the memory of a running process, as root or whoever may trace it.
import { closeSync, openSync, readFileSync, readSync } from 'node:fs';

const kChunk = 4 << 20;
const kOverlap = 256;
const kMappingMax = 8 * 2 ** 30; // beyond it: what a sanitizer has set aside for its own books
const kShown = 160;

/** Why the memory of this process cannot be read, or ''. */
export function unreadable(pid) {
  try { closeSync(openSync(`/proc/${pid}/mem`, 'r')); return ''; } catch (error) { return error.code; }
}

/** The writable mappings of a process as {from, to, name}. */
function writable(pid) {
  return readFileSync(`/proc/${pid}/maps`, 'utf8').split('\n').flatMap(line => {
    const [, from, to, access, name] = /^([0-9a-f]+)-([0-9a-f]+) (\S+) \S+ \S+ \S+ *(.*)$/.exec(line) ?? [];
    if (!from || !access.startsWith('rw')) return [];
    const range = { from: Number.parseInt(from, 16), to: Number.parseInt(to, 16), name: name || 'anonymous' };
    return range.to - range.from > kMappingMax ? [] : [range];
  });
}

/** Every place where the marker stands, with the text around it. `bytes`: how much was looked at. */
export function occurrences(pid, marker) {
  const found = [];
  const buffer = Buffer.alloc(kChunk + kOverlap);
  let bytes = 0;
  const mem = openSync(`/proc/${pid}/mem`, 'r');
  try {
    for (const { from, to, name } of writable(pid)) {
      for (let at = from; at < to; at += kChunk) {
        let got = 0;
        try { got = readSync(mem, buffer, 0, Math.min(buffer.length, to - at), at); } catch { continue; } // not there any more
        bytes += Math.min(got, kChunk);
        for (let i = buffer.indexOf(marker); i >= 0 && i < Math.min(got, kChunk); i = buffer.indexOf(marker, i + 1)) {
          const text = buffer.toString('latin1', Math.max(0, i - kShown / 2), Math.min(got, i + kShown));
          found.push(`${name} ${(at + i).toString(16)}: ${text.replace(/[^\x20-\x7e]/g, '.')}`);
        }
        buffer.fill(0, 0, got);
      }
    }
  } finally { closeSync(mem); }
  return { found, bytes };
}
