import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign } from 'node:crypto';
import { z } from 'zod';
import { AppError } from '../errors.ts';
import type { Certificate } from './certificate-schema.ts';
import type { SigningKey } from './contract.ts';

export const sealSchema = z.strictObject({
  /** SHA-256 of all bytes of the file before the line of the seal. */
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  signature: z
    .strictObject({
      algorithm: z.literal('Ed25519'),
      /** The 32 bytes of RFC 8032, in hexadecimal. */
      publicKey: z.string().regex(/^[0-9a-f]{64}$/),
      /** Over the same bytes as the SHA-256. */
      value: z.string().regex(/^[0-9a-f]{128}$/),
    })
    .nullable(),
});

export type Seal = z.infer<typeof sealSchema>;

/** How the line of the seal begins: nowhere else in a certificate can a line begin so. */
const sealLine = '\n  "seal": {';

const emptySeal = '  "seal": null\n}\n';

/** The text of a certificate file: two keys, JSON with two spaces, one line feed at the end. */
export function certificateText(file: {
  readonly certificate: unknown;
  readonly seal: unknown;
}): string {
  return `${JSON.stringify({ certificate: file.certificate, seal: file.seal }, null, 2)}\n`;
}

/** The part of the text that the seal vouches for; undefined when there is no seal. */
export function sealedPart(text: string): string | undefined {
  const at = text.lastIndexOf(sealLine);
  return at < 0 ? undefined : text.slice(0, at + 1);
}

export function sealedHash(part: string): string {
  return createHash('sha256').update(part).digest('hex');
}

/**
 * The certificate as the text of a file, sealed, and signed when there is a key.
 * @throws AppError CONFIG_INVALID when the key is no Ed25519 private key
 */
export function sealCertificate(certificate: Certificate, key?: SigningKey): string {
  const part = certificateText({ certificate, seal: null }).slice(0, -emptySeal.length);
  const seal: Seal = {
    sha256: sealedHash(part),
    signature: key === undefined ? null : signatureOf(part, privateKey(key)),
  };
  return certificateText({ certificate, seal });
}

function signatureOf(part: string, key: KeyObject): Seal['signature'] {
  return {
    algorithm: 'Ed25519',
    publicKey: publicKeyHex(createPublicKey(key)),
    value: sign(null, Buffer.from(part), key).toString('hex'),
  };
}

/** The raw public key, without which two encodings of one key would look different. */
export function publicKeyHex(key: KeyObject): string {
  return Buffer.from(key.export({ format: 'jwk' }).x ?? '', 'base64url').toString('hex');
}

function privateKey({ privateKey: pem }: SigningKey): KeyObject {
  try {
    const key = createPrivateKey(pem);
    if (key.asymmetricKeyType === 'ed25519') return key;
  } catch {
    // What OpenSSL says could hold parts of the key.
  }
  throw new AppError('CONFIG_INVALID', 'the signing key is no Ed25519 private key in PEM (PKCS 8)');
}
