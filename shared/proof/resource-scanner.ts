import { isUtf8 } from 'node:buffer';
import { hash } from 'node:crypto';
import { CanonicalWriter } from './canonical-writer.ts';
import type { ResourceScanner, ScannerOptions } from './contract.ts';
import { type JsonTape, LineTape } from './json-tape.ts';
import { notJson, notResource } from './line-problem.ts';
import { memberOf, quotedName, textOf } from './member-lookup.ts';
import { rewriteEscapes } from './rewrite-escapes.ts';
import { takeVersionMeta } from './version-meta.ts';

const names = { resourceType: quotedName('resourceType'), id: quotedName('id') };
const typePattern = /^[A-Z][A-Za-z]{0,63}$/;
/** Wider than FHIR's id, as servers are; but one word, so that keys stay one line of text. */
const idPattern = /^[!-~]{1,128}$/;
const noReferences: readonly string[] = [];

export function createResourceScanner({
  references = false,
}: ScannerOptions = {}): ResourceScanner {
  const tape = new LineTape();
  const writer = new CanonicalWriter();
  return {
    scan(line) {
      const root = readLine(tape, line);
      const resourceType = word(
        textMember(tape, root, 'resourceType'),
        'resourceType',
        typePattern,
      );
      const id = word(textMember(tape, root, 'id'), 'id', idPattern);
      const meta = takeVersionMeta(tape, root);
      if (meta.versionId !== undefined) word(meta.versionId, 'meta.versionId', idPattern);
      return {
        resourceType,
        id,
        versionId: meta.versionId,
        lastUpdated: meta.lastUpdated,
        deleted: meta.deleted,
        contentHash: hash('sha256', writer.write(tape, root)),
        references: references ? referencesOf(tape) : noReferences,
      };
    },
  };
}

function readLine(tape: LineTape, line: Uint8Array): number {
  if (!isUtf8(line)) throw notJson(0, 'the line is not UTF-8');
  const bytes = Buffer.isBuffer(line)
    ? line
    : Buffer.from(line.buffer, line.byteOffset, line.byteLength);
  const root = tape.read(bytes);
  return tape.needsRewrite ? tape.read(rewriteEscapes(bytes)) : root;
}

function textMember(tape: JsonTape, root: number, name: 'resourceType' | 'id'): string | undefined {
  const member = memberOf(tape, root, names[name]);
  return member < 0 ? undefined : textOf(tape, member);
}

function word(text: string | undefined, element: string, pattern: RegExp): string {
  if (text === undefined) throw notResource(`${element} is missing or not a string`);
  if (!pattern.test(text)) throw notResource(`${element} holds characters that it must not`);
  return text;
}

function referencesOf(tape: JsonTape): readonly string[] {
  return tape.references.flatMap((node) => textOf(tape, node) ?? []);
}
