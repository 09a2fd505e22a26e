/**
 * - `missing`: in the source, not in the target. `extra`: the reverse.
 * - `altered`: same key, other content.
 * - `version-differs`: same content under another versionId.
 * - `moved`: same key and content, another lastUpdated.
 * - `undeleted`: deleted in the source, the delete is not in the target.
 * - `wrongly-deleted`: live in the source, deleted in the target.
 * - `duplicate-in-source`, `duplicate-in-target`: the same key again on one side.
 */
export const differenceKinds = [
  'missing',
  'extra',
  'altered',
  'version-differs',
  'moved',
  'undeleted',
  'wrongly-deleted',
  'duplicate-in-source',
  'duplicate-in-target',
] as const;
export type DifferenceKind = (typeof differenceKinds)[number];
