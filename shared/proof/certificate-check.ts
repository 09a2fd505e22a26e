import { z } from 'zod';
import { certificateFileSchema } from './certificate-file.ts';
import type { Certificate } from './certificate-schema.ts';
import { proofOf } from './certificate-statement.ts';
import { certificateText, type Seal, sealedHash, sealedPart } from './certificate-text.ts';
import { checkFigures } from './check-figures.ts';
import { checkSignature } from './check-signature.ts';
import type { CheckedPoint, CheckResult, SignatureState } from './contract.ts';

const marks = ['fhir-migration-certificate', '  "seal": {'];
const unsigned: SignatureState = { kind: 'none' };

/**
 * Recomputes what a certificate says from nothing but its text.
 * @param given the file, best as its bytes
 * @param options.publicKey Ed25519 public key in PEM that the signature has to be made with
 * @throws AppError CONFIG_INVALID when the public key is none
 */
export function checkCertificate(
  given: string | Uint8Array,
  options: { readonly publicKey?: string } = {},
): CheckResult {
  const text =
    typeof given === 'string' ? given : new TextDecoder('utf-8', { ignoreBOM: true }).decode(given);
  if (!marks.some((mark) => text.includes(mark))) {
    return { kind: 'unreadable', reason: 'this is no certificate of a FHIR migration' };
  }
  const read = readFile(text);
  if (read.kind === 'broken')
    return unsound([{ point: 'The form is that of a certificate', problem: read.reason }]);
  const { certificate, seal } = read;
  const part = sealedPart(text) ?? '';
  const signature = checkSignature(part, seal, options.publicKey);
  const points = [
    ...checkSeal({ text, part, certificate, seal }),
    signaturePoint(signature),
    ...checkFigures(certificate),
  ];
  if (points.some(({ problem }) => problem !== undefined)) {
    return unsound(points, { signature, certificate });
  }
  return { kind: 'sound', points, signature, certificate, ...proofOf(certificate, signature) };
}

function unsound(
  points: readonly CheckedPoint[],
  known: { readonly signature?: SignatureState; readonly certificate?: Certificate } = {},
): CheckResult {
  return {
    kind: 'unsound',
    points,
    signature: known.signature ?? unsigned,
    certificate: known.certificate,
    proves: [],
    doesNotProve: [],
  };
}

type ReadFile =
  | { readonly kind: 'read'; readonly certificate: Certificate; readonly seal: Seal }
  | { readonly kind: 'broken'; readonly reason: string };

function readFile(text: string): ReadFile {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return { kind: 'broken', reason: 'it is not JSON; was it cut or edited?' };
  }
  const file = certificateFileSchema.safeParse(parsed);
  if (file.success) return { kind: 'read', ...file.data };
  const [issue] = file.error.issues;
  const place = issue?.path.join('.') ?? '';
  return { kind: 'broken', reason: `at "${place}": ${issue?.message ?? 'not as expected'}` };
}

interface Sealed {
  readonly text: string;
  readonly part: string;
  readonly certificate: Certificate;
  readonly seal: Seal;
}

/** The hash covers the certificate; printing it again covers the seal and the white space too. */
function checkSeal({ text, part, seal }: Sealed): readonly CheckedPoint[] {
  const printed = certificateText(
    z.object({ certificate: z.unknown(), seal: z.unknown() }).parse(JSON.parse(text)),
  );
  return [
    {
      point: 'SHA-256 of the certificate is the one in its seal',
      problem:
        sealedHash(part) === seal.sha256 ? undefined : 'a byte was changed after it was sealed',
    },
    {
      point: 'Every byte is where the form puts it',
      problem: text === printed ? undefined : 'white space, order or spelling was changed',
    },
  ];
}

function signaturePoint(signature: SignatureState): CheckedPoint {
  const point = {
    none: 'There is no signature to check',
    'unknown-key': 'The signature was made with the key that the file names',
    trusted: 'The signature was made with the key you gave',
    wrong: 'The signature holds',
  }[signature.kind];
  return { point, problem: signature.kind === 'wrong' ? signature.reason : undefined };
}
