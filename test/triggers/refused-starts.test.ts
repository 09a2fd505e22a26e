import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { failingStart } from '../local/host/host-process.ts';
import { root, settings } from './running-app.ts';

const folder = mkdtempSync(join(tmpdir(), 'refused-starts-'));
afterAll(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));

const good = settings({
  fhir: 'http://127.0.0.1:1',
  dataverse: 'http://127.0.0.1:1',
  storage: 'UseDevelopmentStorage=true',
});

async function refusal(changes: Readonly<Record<string, string>>): Promise<string> {
  const { code, text } = await failingStart(['--app', root, '--port', '0'], {
    ...good,
    ...changes,
  });
  expect(code).toBe(1);
  return text;
}

function brokenMaps(change: (map: Record<string, unknown>) => void): string {
  const maps = mkdtempSync(join(folder, 'maps-'));
  cpSync(join(root, 'maps'), maps, { recursive: true });
  const file = join(maps, 'packs', 'demo.json');
  const map = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
  change(map);
  writeFileSync(file, JSON.stringify(map));
  return maps;
}

describe('the app does not start, and says why', () => {
  it('with settings that need attention: all of them at once', async () => {
    const text = await refusal({
      FDS_CONSENT_DEFAULT: '',
      FDS_RETRY_ATEMPTS: '3',
      FDS_FHIR_URL: 'https://example.org',
    });
    expect(text).toContain('CONFIG_INVALID');
    expect(text).toContain('- FDS_CONSENT_DEFAULT: ');
    expect(text).toContain('- FDS_RETRY_ATEMPTS: unknown setting');
    expect(text).toContain('- FDS_FHIR_AUTH: "none" is for loopback URLs only');
  });

  it('with a pack that does not exist: the packs there are', async () => {
    const text = await refusal({ FDS_MAP_PACK: 'everything' });
    expect(text).toContain('FDS_MAP_PACK: there is no pack "everything"');
    expect(text).toMatch(/Use one of: .*demo.*none/);
  });

  it('with a map file that is wrong: file, pointer and remedy', async () => {
    const maps = brokenMaps((pack) => {
      pack['enabled'] = ['Patient', 'Dragon'];
    });
    const text = await refusal({ FDS_MAPS_FOLDER: maps });
    expect(text).toContain('MAP_PACK_INVALID');
    expect(text).toMatch(/packs\/demo\.json#\/enabled\/1: [^\n]{20,}/);
  });

  it('with a folder of maps that is not there', async () => {
    const text = await refusal({ FDS_MAPS_FOLDER: join(folder, 'nowhere') });
    expect(text).toContain('MAP_PACK_INVALID');
  });
});
