/**
 * Proof that two FHIR services hold the same.
 *
 *   createResourceScanner({ references? }): ResourceScanner
 *   createDigest(settings: Partial<DigestSettings>): Digest
 *   mergeDigests(parts: readonly Digest[]): Digest            same settings
 *   joinWindows(parts: readonly Digest[], boundaries): Digest  one-window digests, in order of time
 *   subtractDigest(whole: Digest, part: Digest): Digest
 *   writeDigest(digest): Buffer, readDigest(bytes): Digest     for a blob
 *   digestRoots(digest): DigestRoots
 *   compareDigests(expected, target): DigestComparison
 *   planDrillDown(expected, target, { maxEntries }): readonly DrillDownPass[]
 *   createDrillDown(pass, { cap? }): DrillDown, mergeDifferences(parts, { cap? }): Differences
 *   closurePasses(ids, { maxBytes? }): number
 *   createClosureCheck(options): ClosureCheck, mergeClosures(parts, { examples? }): ReferenceClosure
 *   closurePassOf(reference, passes): number, referenceTarget(reference, bases): string | undefined
 *   createCurrentVersions(): CurrentVersions
 *   createAccount({ cap? }): AccountBuilder
 *   buildCertificate(facts: CertificateFacts): Certificate
 *   sealCertificate(certificate, key?: SigningKey): string     the text of the file
 *   checkCertificate(text: string | Uint8Array, { publicKey? }): CheckResult
 */
export { createAccount } from './account.ts';
export { buildCertificate } from './certificate-build.ts';
export { checkCertificate } from './certificate-check.ts';
export { certificateFileSchema, certificateJsonSchema } from './certificate-file.ts';
export {
  type Account,
  type AccountItem,
  type Certificate,
  certificateSchema,
  type LedgerWindow,
  type TypeFigures,
  type Verdict,
} from './certificate-schema.ts';
export { sealCertificate } from './certificate-text.ts';
export { closurePasses, createClosureCheck, mergeClosures } from './closure.ts';
export { compareDigests, planDrillDown } from './compare.ts';
export type * from './contract.ts';
export { type CurrentVersions, createCurrentVersions } from './current-versions.ts';
export { type DifferenceKind, differenceKinds } from './difference-kinds.ts';
export { createDigest, joinWindows, mergeDigests, subtractDigest } from './digest.ts';
export { readDigest, writeDigest } from './digest-bytes.ts';
export { defaultBuckets } from './digest-settings.ts';
export { createDrillDown, mergeDifferences } from './drill-down.ts';
export { digestRoots } from './merkle.ts';
export { closurePassOf } from './reference-hash.ts';
export { referenceTarget } from './reference-target.ts';
export { createResourceScanner } from './resource-scanner.ts';
