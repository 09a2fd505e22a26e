import { describe, expect, it } from 'vitest';
import {
  buildReadiness,
  type CutOverFacts,
  cutOverChecklist,
  cutOverPage,
  describeService,
  type ReadinessFacts,
  readAnonymization,
  readinessPage,
  toHtml,
  toMarkdown,
} from '../../../shared/readiness/index.ts';

const type = (name: string, more: object = {}) => ({
  type: name,
  versioning: 'versioned',
  interaction: [{ code: 'read' }, { code: 'search-type' }],
  searchParam: [{ name: '_id' }, { name: 'code' }],
  ...more,
});

const service = (resource: readonly object[], operations: readonly string[]) => ({
  url: 'https://fhir.example.org',
  description: describeService({
    fhirVersion: '4.0.1',
    software: { name: 'Azure <script> FHIR' },
    rest: [{ resource, operation: operations.map((name) => ({ name })) }],
  }),
  clockAheadSeconds: 0,
  smartStatus: 404,
  exportStatus: 400,
  importStatus: 400,
});

const facts = (more: Partial<ReadinessFacts> = {}): ReadinessFacts => ({
  madeAt: '2026-03-01T00:00:00.000Z',
  migrationId: null,
  plan: { types: [], history: true, deletes: true, ranged: false, anonymizationConfig: null },
  source: service([type('Patient'), type('Slot')], ['export']),
  target: service([type('Patient'), type('Slot')], ['export', 'import']),
  counts: [
    { type: 'Patient', resources: 10, versions: 15, inTarget: null, bytesPerResource: 1000 },
    { type: 'Slot', resources: 0, versions: 0, inTarget: null, bytesPerResource: null },
  ],
  targetResources: 0,
  oldest: null,
  newest: null,
  storageProblem: null,
  customSearchParameters: ['http://example.org/sp/a', 'http://example.org/sp/b'],
  searchParametersInTarget: ['http://example.org/sp/b'],
  profiles: [],
  anonymization: null,
  ...more,
});

const item = (report: ReturnType<typeof buildReadiness>, title: string) =>
  [...report.checks, ...report.checklist].find((found) => found.title === title);

describe('a readiness report', () => {
  it('of two fitting services finds nothing in the way, and adds up versions and bytes', () => {
    const report = buildReadiness(facts());
    expect([report.possible, report.reasons]).toEqual([true, []]);
    expect(report.total).toEqual({ resources: 10, versions: 15, bytes: 15_000, inTarget: 0 });
    expect(report.types.map((count) => count.type)).toEqual(['Patient']);
  });

  it('names everything that is in the way at once, each with its remedy', () => {
    const other = service([type('Slot')], ['export', 'import']);
    const report = buildReadiness(
      facts({
        target: {
          ...other,
          importStatus: 403,
          description: other.description && { ...other.description, fhirVersion: '5.0.0' },
        },
        storageProblem: 'BLOB_REFUSED: writing a blob was refused',
      }),
    );
    expect(report.possible).toBe(false);
    const reasons = report.reasons.join('\n');
    for (const part of ['Patient (10)', '403', 'target 5.0.0', 'Storage Blob Data Contributor']) {
      expect(reasons).toContain(part);
    }
  });

  it('a type that the target lacks is no reason when the source holds none of it', () => {
    const report = buildReadiness(facts({ target: service([type('Patient')], ['import']) }));
    expect(report.possible).toBe(true);
    expect(report.comparison?.typesMissing).toEqual(['Slot']);
  });

  it('tells what the target lacks, and another versioning policy', () => {
    const poorer = type('Patient', { searchParam: [{ name: '_id' }], versioning: 'no-version' });
    const report = buildReadiness(facts({ target: service([poorer, type('Slot')], ['import']) }));
    expect(report.comparison?.gaps).toMatchObject([
      { type: 'Patient', searchParameters: ['code'], versioning: { target: 'no-version' } },
    ]);
    expect(item(report, 'versioning policy')).toMatchObject({ status: 'person' });
  });

  it('says who does each point: search parameters come by themselves, a full target is looked at', () => {
    const report = buildReadiness(facts({ targetResources: 3 }));
    expect(item(report, 'search parameters')).toMatchObject({
      status: 'automatic',
      found: expect.stringContaining('1 of 2'),
    });
    expect(item(report, 'content of the target')?.status).toBe('person');
  });

  it('is a page that shows all of it, whatever a service calls itself', () => {
    const page = readinessPage(buildReadiness(facts()));
    const html = toHtml({ ...page, title: '<img src=x onerror=alert(1)>' });
    expect(html).not.toMatch(/<img|<script/);
    expect(html).toContain('http://example.org/sp/a');
    const markdown = toMarkdown(page);
    expect(markdown).toContain('| Patient | 10 | 15 |');
  });
});

describe('a configuration of de-identification', () => {
  const rule = (method: string, path = 'Patient.name') => ({ path, method });
  const read = (rules: readonly object[], parameters: object = {}) =>
    readAnonymization('c.json', JSON.stringify({ fhirPathRules: rules, parameters }));

  it.each([
    [[rule('redact'), rule('keep')], {}, []],
    [[rule('cryptoHash')], { cryptoHashKey: 'k' }, []],
    [[rule('cryptoHash')], {}, ['cryptoHash without cryptoHashKey']],
    [[rule('dateShift')], {}, ['dateShift without dateShiftKey']],
    [[rule('perturb'), rule('encrypt')], {}, ['perturb', 'encrypt']],
  ])('%j with %j changes by itself: %j', (rules, parameters, changing) => {
    expect(read(rules, parameters)).toMatchObject({ state: 'readable', changing });
  });

  it('that touches meta is noticed, unless meta is kept before', () => {
    const shift = rule('dateShift', "nodesByType('instant')");
    expect(read([shift]).touchesMeta).toBe(true);
    expect(read([rule('keep', 'Resource.meta'), shift]).touchesMeta).toBe(false);
  });

  it('that is none is unreadable', () => {
    expect(readAnonymization('c.json', '{').state).toBe('unreadable');
  });
});

describe('a cut-over checklist', () => {
  const now: CutOverFacts = {
    migrationId: 'm1',
    state: 'waiting',
    reason: null,
    ordered: false,
    frozenAt: null,
    sourceUrl: 'https://old.example.org',
    targetUrl: 'https://new.example.org',
    ownFhirUrl: 'https://old.example.org',
    lagSeconds: 42,
    quarantined: 0,
    differences: null,
    cleanup: 'pending',
  };
  const statusOf = (found: CutOverFacts, title: string) => {
    const { before, during, after } = cutOverChecklist(found);
    return [...before, ...during, ...after].find((entry) => entry.title === title)?.status;
  };

  it('shows how far the copy is behind, and what is to be repointed', () => {
    const checklist = cutOverChecklist(now);
    expect(checklist.tailLagSeconds).toBe(42);
    expect(statusOf(now, 'this product: FDS_FHIR_URL')).toBe('person');
    expect(statusOf(now, 'order')).toBe('person');
    expect(toMarkdown(cutOverPage(checklist))).toContain('/api/migrations/m1/cut-over');
  });

  it('ticks off what is done', () => {
    const ended: CutOverFacts = {
      ...now,
      state: 'completed',
      ordered: true,
      frozenAt: '2026-03-01T00:00:00.000Z',
      ownFhirUrl: now.targetUrl,
      cleanup: 'done',
    };
    const titles = ['order', 'source read-only', 'last window, proof and certificate'];
    for (const title of [...titles, 'this product: FDS_FHIR_URL', 'staged data and old jobs']) {
      expect([title, statusOf(ended, title)]).toEqual([title, 'done']);
    }
  });
});
