import type { Account, AccountItem } from './certificate-schema.ts';
import type { AccountBuilder } from './contract.ts';
import { publicReference, publicVersion } from './public-name.ts';

const defaultCap = 1_000;

/** Counts what happened to single resources, per kind, and keeps the first `cap` (default 1,000) by name. */
export function createAccount({
  cap = defaultCap,
}: {
  readonly cap?: number;
} = {}): AccountBuilder {
  const counts = new Map<string, number>();
  let listed: AccountItem[] = [];
  const shorten = (): readonly AccountItem[] => {
    listed = listed.sort(byName).slice(0, cap);
    return listed;
  };
  return {
    add(item) {
      counts.set(item.kind, (counts.get(item.kind) ?? 0) + 1);
      listed.push(publicItem(item));
      if (listed.length > 2 * cap + 100) shorten();
    },
    finish(): Account {
      const kinds = [...counts]
        .sort(([left], [right]) => (left < right ? -1 : 1))
        .map(([kind, count]) => ({ kind, count }));
      const count = kinds.reduce((sum, kind) => sum + kind.count, 0);
      return { count, kinds, listed: [...shorten()] };
    },
  };
}

function publicItem({ kind, reference, versionId, movedBy }: AccountItem): AccountItem {
  return {
    kind,
    reference: reference === null ? null : publicReference(reference),
    versionId: versionId === null ? null : publicVersion(versionId),
    movedBy,
  };
}

function byName(left: AccountItem, right: AccountItem): number {
  const name = ({ reference, versionId, kind }: AccountItem): string =>
    `${reference ?? ''}\n${versionId ?? ''}\n${kind}`;
  if (name(left) === name(right)) return 0;
  return name(left) < name(right) ? -1 : 1;
}
