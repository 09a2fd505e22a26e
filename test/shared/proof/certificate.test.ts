import { createHash, generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  type Certificate,
  certificateJsonSchema,
  checkCertificate,
  createAccount,
  sealCertificate,
} from '../../../shared/proof/index.ts';
import { ed25519, problems, small, three } from './certificate-samples.ts';
import {
  certificateOf,
  differencesOf,
  entry,
  hashOf,
  instant,
  population,
} from './proof-samples.ts';

describe('a certificate', () => {
  it('of two equal services is sound and says equal', () => {
    const certificate = small();
    expect(certificate.verdict).toBe('equal');
    expect(certificate.roots.source).toBe(certificate.roots.target);
    const result = checkCertificate(sealCertificate(certificate));
    expect(result).toMatchObject({ kind: 'sound', signature: { kind: 'none' } });
    expect(problems(result)).toEqual([]);
  });

  it('names one altered, missing, extra and undeleted resource, and the sums close', () => {
    const source = () => [...three(), entry({ id: 'd', version: '2', deleted: true })];
    const target = () => [
      entry({ id: 'a' }),
      entry({ id: 'b', content: 'altered' }),
      entry({ id: 'd', version: '2', content: 'alive' }),
      entry({ id: 'e' }),
    ];
    const certificate = certificateOf({ source, target });
    expect(certificate.verdict).toBe('different');
    expect(certificate.differences.listed.map(({ kind, id }) => `${kind} ${id}`)).toEqual([
      ...['altered b', 'missing c', 'undeleted d', 'extra e'],
    ]);
    expect(certificate.types[0]).toMatchObject({ equal: 1, differing: { source: 3, target: 3 } });
    expect(problems(checkCertificate(sealCertificate(certificate)))).toEqual([]);
  });

  it('of what is equal except the quarantined says so, and the leaves prove it', () => {
    const excepted = () => [entry({ id: 'c' })];
    const sides = { source: three, target: () => three().slice(0, 2), excepted };
    const certificate = certificateOf(sides);
    expect(certificate.verdict).toBe('equal-except-quarantined');
    expect(certificate.quarantine).toMatchObject({
      count: 1,
      listed: [{ reference: 'Patient/c' }],
    });
    expect(problems(checkCertificate(sealCertificate(certificate)))).toEqual([]);
  });

  it('cannot be made of differing digests without naming the differences', () => {
    const sides = { source: three, target: () => three().slice(1) };
    expect(() => certificateOf(sides, {}, { differences: undefined as never })).toThrow(
      /name the differences/,
    );
  });

  it('cannot be made with what is no name: an address with a token, a cause in free text', () => {
    const url = 'https://a.example/fhir?sig=secret';
    const migration = { ...small().migration, source: { ...small().migration.source, url } };
    expect(() => certificateOf({ source: three, target: three }, {}, { migration })).toThrow(
      /does not fit the certificate: migration.source.url$/,
    );
    const quarantine = createAccount();
    quarantine.add({
      kind: 'Ada has a cold',
      reference: 'Patient/a',
      versionId: null,
      movedBy: null,
    });
    expect(() =>
      certificateOf({ source: three, target: three }, {}, { quarantine: quarantine.finish() }),
    ).toThrow(/quarantine/);
  });

  it('with an open ledger is never equal', () => {
    const counts = { exported: 3, loaded: 2, present: 0, quarantined: 0 };
    const ledger = [{ since: null, till: instant(1), types: [{ type: 'Patient', ...counts }] }];
    const certificate = certificateOf({ source: three, target: three }, {}, { ledger });
    expect(certificate.verdict).toBe('different');
    expect(problems(checkCertificate(sealCertificate(certificate)))).toEqual([
      `Patient in the window till ${instant(1)} does not close`,
    ]);
  });

  it('is bound to its seal by a hash that any tool can compute', () => {
    const text = sealCertificate(small());
    const lines = text.split('\n');
    const before = `${lines.slice(0, lines.indexOf('  "seal": {')).join('\n')}\n`;
    expect(text).toContain(createHash('sha256').update(before).digest('hex'));
  });

  it('has counts of every kind, whatever the caps', () => {
    const source = () => population(3_000);
    const target = () => [...population(3_000)].slice(500);
    const differences = differencesOf({ source, target }, {}, { cap: 5 });
    const certificate = certificateOf({ source, target }, {}, { differences });
    expect(certificate.differences).toMatchObject({ count: 500, listed: { length: 5 } });
    const result = checkCertificate(sealCertificate(certificate));
    expect(problems(result)).toEqual([]);
    expect(result).toMatchObject({
      doesNotProve: expect.arrayContaining([expect.stringMatching(/list is cut/)]),
    });
  });
});

describe('a signature', () => {
  const [ours, theirs] = [ed25519(), ed25519()];
  const text = sealCertificate(small(), ours);

  it('by the key one trusts proves who said it', () => {
    const result = checkCertificate(text, { publicKey: ours.publicKey });
    expect(result).toMatchObject({ kind: 'sound', signature: { kind: 'trusted' } });
    expect(result).toMatchObject({
      proves: expect.arrayContaining([expect.stringMatching(/signed exactly this text/)]),
    });
  });

  it('by another key, or none, is refused when a key is given', () => {
    const other = checkCertificate(text, { publicKey: theirs.publicKey });
    expect(problems(other).join()).toMatch(/another key than the one you gave/);
    const none = checkCertificate(sealCertificate(small()), { publicKey: ours.publicKey });
    expect(problems(none).join()).toMatch(/is not signed/);
  });

  it('without a key to hold against proves no one', () => {
    const result = checkCertificate(text);
    expect(result).toMatchObject({ kind: 'sound', signature: { kind: 'unknown-key' } });
    expect(result).toMatchObject({
      doesNotProve: expect.arrayContaining([expect.stringMatching(/Who made it/)]),
    });
  });

  it('of an edited text by its own new seal fails without the private key', () => {
    const forged = text.replace('"madeBy": "fhir', '"madeBy": "FHIR');
    const part = forged.slice(0, forged.lastIndexOf('  "seal": {'));
    const resealed = forged.replace(/"sha256": "\w+"/, `"sha256": "${hashOf(part)}"`);
    expect(problems(checkCertificate(resealed))).toEqual([
      'the text, the key or the signature was changed',
    ]);
  });

  it('needs an Ed25519 key', () => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const pem = privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
    expect(() => sealCertificate(small(), { privateKey: pem })).toThrow(/no Ed25519 private key/);
    expect(() => checkCertificate(text, { publicKey: 'nonsense' })).toThrow(/no Ed25519 key/);
  });
});

describe('what a certificate does not prove is said', () => {
  const said = (certificate: Certificate): string => {
    const result = checkCertificate(sealCertificate(certificate));
    return result.kind === 'unreadable' ? '' : result.doesNotProve.join('\n');
  };
  const migration = small().migration;

  it.each([
    [
      'of a de-identified move',
      { migration: { ...migration, deidentified: true } },
      /de-identified/,
    ],
    ['of unchecked references', {}, /references hold: they were not checked/],
    ['of any', {}, /another time than the comparison/],
  ])('%s', (_name, more, sentence) => {
    expect(said(certificateOf({ source: three, target: three }, {}, more))).toMatch(sentence);
  });

  it('of current versions', () => {
    const certificate = certificateOf(
      { source: three, target: three },
      { mode: 'current', countVersions: false },
    );
    expect(said(certificate)).toMatch(
      /only current ones were compared[\s\S]*versionId and lastUpdated/,
    );
  });
});

it('has the form that docs/certificate.schema.json tells other languages', () => {
  const file = join(import.meta.dirname, '..', '..', '..', 'docs', 'certificate.schema.json');
  expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(certificateJsonSchema());
});

it('what is no certificate at all is called so', () => {
  expect(checkCertificate('{"resourceType":"Patient"}')).toMatchObject({ kind: 'unreadable' });
  expect(checkCertificate(Buffer.from([0xff, 0xfe, 0x00]))).toMatchObject({ kind: 'unreadable' });
});
