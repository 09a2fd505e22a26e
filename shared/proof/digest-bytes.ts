import { createHash } from 'node:crypto';
import { z } from 'zod';
import { AppError } from '../errors.ts';
import { leafBytes, readLeaf, writeLeaf } from './bucket-leaf.ts';
import type { BucketRow } from './bucket-row.ts';
import type { Digest } from './contract.ts';
import { BucketDigest, rowsOf } from './digest.ts';
import { digestSettings } from './digest-settings.ts';

const magic = Buffer.from('FHIRDIG1');
const sealBytes = 32;

const headerSchema = z.strictObject({
  settings: z.strictObject({
    mode: z.enum(['versions', 'current']),
    boundaries: z.array(z.string()),
    buckets: z.int(),
    salt: z.string(),
    countVersions: z.boolean(),
  }),
  rows: z.array(
    z.strictObject({
      type: z.string(),
      window: z.int().nonnegative(),
      count: z.int().nonnegative(),
      deleted: z.int().nonnegative(),
    }),
  ),
});
type Header = z.infer<typeof headerSchema>;

/**
 * A digest as bytes, equal for equal digests: magic, length of the header (4 bytes), header as
 * JSON, then per row a bit for each bucket and the leaves of those that hold something, and
 * SHA-256 of all before it. At most 45 bytes per bucket in use.
 */
export function writeDigest(digest: Digest): Buffer {
  const { settings, rows, types } = rowsOf(digest);
  const parts: Buffer[] = [];
  const listed: Header['rows'] = [];
  for (const type of types) {
    for (const [window, row] of (rows.get(type) ?? []).entries()) {
      if (row === undefined || row.count === 0) continue;
      listed.push({ type, window, count: row.count, deleted: row.deleted });
      parts.push(rowBytes(row));
    }
  }
  const { mode, boundaries, buckets, salt, countVersions } = settings;
  const header = { settings: { mode, boundaries, buckets, salt, countVersions }, rows: listed };
  const text = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(4);
  length.writeUInt32BE(text.length);
  const body = Buffer.concat([magic, length, text, ...parts]);
  return Buffer.concat([body, createHash('sha256').update(body).digest()]);
}

function rowBytes(row: BucketRow): Buffer {
  const used = Buffer.alloc(Math.ceil(row.counts.length / 8));
  const leaves: Buffer[] = [];
  for (const [bucket, count] of row.counts.entries()) {
    if (count === 0) continue;
    used[bucket >>> 3] = (used[bucket >>> 3] ?? 0) | (1 << (bucket & 7));
    leaves.push(writeLeaf(row, bucket));
  }
  return Buffer.concat([used, ...leaves]);
}

/** @throws AppError INPUT_INVALID when the bytes are torn, altered or no digest */
export function readDigest(given: Uint8Array): Digest {
  const bytes = Buffer.from(given.buffer, given.byteOffset, given.byteLength);
  const end = bytes.length - sealBytes;
  const start = magic.length + 4;
  if (end < start || !bytes.subarray(0, magic.length).equals(magic)) throw unreadable('no digest');
  const seal = createHash('sha256').update(bytes.subarray(0, end)).digest();
  if (!seal.equals(bytes.subarray(end))) throw unreadable('the bytes were torn or altered');
  const headerEnd = start + bytes.readUInt32BE(magic.length);
  const header = headerSchema.safeParse(JSON.parse(bytes.toString('utf8', start, headerEnd)));
  if (!header.success) throw unreadable('another version of the format');
  return readRows(header.data, bytes.subarray(headerEnd, end));
}

function readRows({ settings, rows }: Header, bytes: Buffer): Digest {
  const digest = new BucketDigest(digestSettings(settings));
  const bitmap = Math.ceil(settings.buckets / 8);
  let at = 0;
  for (const { type, window, count, deleted } of rows) {
    const row = digest.row(type, window);
    row.count = count;
    row.deleted = deleted;
    const used = bytes.subarray(at, at + bitmap);
    at += bitmap;
    for (let bucket = 0; bucket < settings.buckets; bucket += 1) {
      if (((used[bucket >>> 3] ?? 0) & (1 << (bucket & 7))) === 0) continue;
      readLeaf(row, bucket, bytes.subarray(at, at + leafBytes));
      at += leafBytes;
    }
  }
  if (at !== bytes.length) throw unreadable('the rows do not fill the bytes');
  return digest;
}

const unreadable = (rule: string): AppError =>
  new AppError('INPUT_INVALID', `a stored digest cannot be read: ${rule}`, { details: { rule } });
