import { execFile } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCertificateCheck } from '../../local/certificate/index.ts';
import { sealCertificate } from '../../shared/proof/index.ts';
import { certificateOf, entry } from '../shared/proof/proof-samples.ts';

const { privateKey, publicKey } = generateKeyPairSync('ed25519');
const signingKey = privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
const source = () => ['a', 'b', 'c'].map((id) => entry({ id }));
const equal = sealCertificate(certificateOf({ source, target: source }), {
  privateKey: signingKey,
});
const different = sealCertificate(
  certificateOf({
    source,
    target: () => [entry({ id: 'a' }), entry({ id: 'b', content: 'x' }), entry({ id: 'e' })],
  }),
);

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'certificate-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function file(name: string, text: string | Uint8Array): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, text);
  return path;
}

async function run(...args: readonly string[]) {
  const out: string[] = [];
  const error: string[] = [];
  const code = await runCertificateCheck(args, {
    out: (text) => out.push(text),
    error: (text) => error.push(text),
  });
  return { code, out: out.join(''), error: error.join('') };
}

describe('npm run certificate', () => {
  it('ends with 0 for a sound certificate, and says what it proves and what not', async () => {
    const { code, out } = await run(await file('equal.json', equal));
    expect(code).toBe(0);
    expect(out).toContain('SOUND. Source and target are EQUAL.');
    expect(out).toMatch(/It proves\n/);
    expect(out).toMatch(/It does not prove\n/);
    expect(out).toMatch(/Patient +3 +3/);
  });

  it('names every difference of a sound certificate of two different services', async () => {
    const { code, out } = await run(await file('different.json', different));
    expect(code).toBe(0);
    expect(out).toContain('DIFFERENT');
    expect(out).toMatch(/altered +Patient\/b/);
    expect(out).toMatch(/missing +Patient\/c/);
    expect(out).toMatch(/extra +Patient\/e/);
  });

  it('ends with 1 when a byte was changed, and shows the place', async () => {
    const changed = equal.replace('"exported": 3', '"exported": 4');
    const { code, out } = await run(await file('changed.json', changed));
    expect(code).toBe(1);
    expect(out).toMatch(/^\s*NOT SOUND/);
    expect(out).toMatch(/FAILED.*changed after it was sealed/);
    expect(out).not.toMatch(/It proves/);
  });

  it('ends with 1 when it was cut or edited into something else', async () => {
    expect((await run(await file('cut.json', equal.slice(0, 900)))).code).toBe(1);
    expect(
      (
        await run(
          await file('edited.json', equal.replace('"verdict": "equal"', '"verdict": "fine"')),
        )
      ).code,
    ).toBe(1);
  });

  it('holds the signature against the key one gives', async () => {
    const ours = await file('ours.pem', publicKey.export({ format: 'pem', type: 'spki' }));
    const theirs = await file(
      'theirs.pem',
      generateKeyPairSync('ed25519').publicKey.export({ format: 'pem', type: 'spki' }),
    );
    const path = await file('signed.json', equal);
    const trusted = await run(path, '--public-key', ours);
    expect(trusted.code).toBe(0);
    expect(trusted.out).toContain('by the key you gave');
    expect((await run(path, '--public-key', theirs)).code).toBe(1);
    expect((await run(await file('unsigned.json', different), '--public-key', ours)).code).toBe(1);
  });

  it.each<[string, () => Promise<readonly string[]>, RegExp]>([
    [
      'a file that is not there',
      async () => [join(folder, 'none.json')],
      /cannot be read \(ENOENT\)/,
    ],
    ['a folder', async () => [folder], /cannot be read/],
    [
      'something else',
      async () => [await file('other.json', '{"resourceType":"Patient"}')],
      /no certificate of a FHIR migration/,
    ],
    ['bytes', async () => [await file('bytes', Buffer.from([0xff, 0x00]))], /no certificate/],
    ['no file', async () => [], /Name one certificate file/],
    ['two files', async () => ['a', 'b'], /Name one certificate file/],
    ['an unknown option', async () => ['--fast'], /--fast/],
    [
      'a key that is none',
      async () => [await file('e.json', equal), '--public-key', await file('no.pem', 'x')],
      /no Ed25519 key/,
    ],
  ])('ends with 2 for %s, with one clear error', async (_name, args, message) => {
    const { code, out, error } = await run(...(await args()));
    expect(code).toBe(2);
    expect(error).toMatch(message);
    expect(out).toBe('');
  });

  it('prints nothing that moves the cursor, whoever wrote the file', async () => {
    const { out } = await run(
      await file('hostile.json', different.replace('"madeBy"', '"made\\u001b[2JBy"')),
    );
    expect(out).toContain('NOT SOUND');
    expect(out).not.toContain('\u001b');
  });

  it('needs nothing but the file: as a process, in an empty folder', async () => {
    const alone = await mkdtemp(join(tmpdir(), 'alone-'));
    await copyFile(await file('a.json', equal), join(alone, 'c.json'));
    const main = join(import.meta.dirname, '..', '..', 'local', 'certificate', 'main.ts');
    const ended = await new Promise<{ readonly code: unknown; readonly out: string }>((resolve) => {
      execFile(process.execPath, [main, 'c.json'], { cwd: alone, env: {} }, (problem, out) =>
        resolve({ code: problem === null ? 0 : problem.code, out }),
      );
    });
    await rm(alone, { recursive: true, force: true });
    expect(ended).toMatchObject({ code: 0, out: expect.stringContaining('EQUAL') });
  });
});
