import { createPublicKey, type KeyObject, verify } from 'node:crypto';
import { AppError } from '../errors.ts';
import { publicKeyHex, type Seal } from './certificate-text.ts';
import type { SignatureState } from './contract.ts';

/** @throws AppError CONFIG_INVALID when the trusted key is no Ed25519 public key */
export function checkSignature(
  part: string,
  { signature }: Seal,
  trustedKey: string | undefined,
): SignatureState {
  const trusted = trustedKey === undefined ? undefined : publicKeyHex(readKey(trustedKey));
  if (signature === null) {
    return trusted === undefined
      ? { kind: 'none' }
      : { kind: 'wrong', reason: 'a key was given, and the certificate is not signed' };
  }
  const { publicKey, value } = signature;
  if (!holds(part, publicKey, value)) {
    return { kind: 'wrong', reason: 'the text, the key or the signature was changed' };
  }
  if (trusted === undefined) return { kind: 'unknown-key', publicKey };
  return trusted === publicKey
    ? { kind: 'trusted', publicKey }
    : { kind: 'wrong', reason: 'it was signed with another key than the one you gave' };
}

function holds(part: string, publicKey: string, value: string): boolean {
  const jwk = {
    kty: 'OKP',
    crv: 'Ed25519',
    x: Buffer.from(publicKey, 'hex').toString('base64url'),
  };
  try {
    const key = createPublicKey({ key: jwk, format: 'jwk' });
    return verify(null, Buffer.from(part), key, Buffer.from(value, 'hex'));
  } catch {
    return false;
  }
}

function readKey(pem: string): KeyObject {
  try {
    const key = createPublicKey(pem);
    if (key.asymmetricKeyType === 'ed25519') return key;
  } catch {
    // OpenSSL's words help nobody here.
  }
  throw new AppError('CONFIG_INVALID', 'the public key is no Ed25519 key in PEM (SPKI)');
}
