import { AppError } from '../../shared/errors.ts';
import {
  inside,
  numbered,
  openTypes,
  sumLedgers,
  type TypeLedger,
  totalOf,
  type WindowLedger,
  windowName,
} from '../../shared/migration/index.ts';
import { type Blocked, blocked } from './blocked.ts';
import type { MigrationDependencies } from './dependencies.ts';
import { settleReplay } from './replay-quarantine.ts';
import type { WindowInput } from './seal-staging.ts';

export interface ClosedWindow extends TypeLedger {
  readonly kind: 'closed';
  readonly bytes: number;
  /** From its planning to its closing. */
  readonly seconds: number;
}

/**
 * Closes the books of a window: what was exported is loaded, was there, or is quarantined. A
 * window whose books do not close stays open and says which type is wrong.
 */
export function createCloseWindow(deps: MigrationDependencies) {
  const { store, now } = deps;
  return async ({ migrationId, window: number }: WindowInput): Promise<ClosedWindow | Blocked> => {
    const name = windowName(number);
    const window = await store.windows.get(migrationId, numbered(number));
    if (window === undefined) throw new AppError('NOT_FOUND', `there is no ${name}`);
    const partition = inside(migrationId, name);
    const [staged, batches] = await Promise.all([
      store.staged.list(partition),
      store.batches.list(partition),
    ]);
    if (batches.some(({ settled }) => !settled)) {
      return blocked(`${name}: an import is not settled. It is tried again.`);
    }
    const ledger = closing(
      sumLedgers(staged.map((part) => part.ledger)),
      sumLedgers(batches.map((part) => part.ledger)),
    );
    const open = openTypes(ledger);
    if (open.length > 0) {
      return blocked(
        `${name}: the books of ${open.join(', ')} do not close. Order a new import of this window.`,
      );
    }
    await settleReplay(deps, migrationId, number);
    const closedAt = now().toISOString();
    await store.windows.put(migrationId, numbered(number), {
      ...window,
      state: 'closed',
      ledger,
      closedAt,
    });
    const seconds = (Date.parse(closedAt) - Date.parse(window.startedAt)) / 1000;
    return { kind: 'closed', ...totalOf(ledger), bytes: window.bytes, seconds };
  };
}

/** An import tells loaded lines only; those that an earlier window brought already are told apart here. */
function closing(staged: WindowLedger, imported: WindowLedger): WindowLedger {
  const entries = Object.entries(staged).map(([type, entry]): [string, TypeLedger] => {
    const { loaded = 0, present = 0, quarantined = 0 } = imported[type] ?? {};
    const broughtAgain = Math.min(entry.present, loaded);
    return [
      type,
      {
        exported: entry.exported,
        loaded: loaded - broughtAgain,
        present: present + broughtAgain,
        quarantined: entry.quarantined + quarantined,
      },
    ];
  });
  return Object.fromEntries(entries);
}
