import type { DatabaseSync } from 'node:sqlite';
import { resourceTypes } from '../definitions.ts';
import { type JsonObject, parseStored } from '../json.ts';
import type { SearchParameter, SearchParameters } from '../search/parameters.ts';
import type { Numbering } from './database.ts';
import { createIndexBacklog } from './index-backlog.ts';
import { createIndexRows } from './index-rows.ts';
import {
  forEachValue,
  type IndexRules,
  indexRules,
  type NumberedParameter,
} from './index-rules.ts';
import { rowNumber } from './stored-version.ts';
import type { Transactions } from './transactions.ts';

/** So many rows wait in memory at most: writing them takes a tenth of a second. */
const longestBacklog = 40_000;

export interface IndexParts {
  readonly database: DatabaseSync;
  readonly transactions: Transactions;
  /** The parameters of R4. */
  readonly parameters: SearchParameters;
  readonly numbering: Numbering;
}

/**
 * Keeps the search index in step with the current versions. Rows wait in memory,
 * over transactions, until something reads the index or there are many: written
 * together in key order they cost half of what they cost one transaction at a time.
 * What writes here must be inside a transaction.
 */
export function createIndexTables({ database, transactions, parameters, numbering }: IndexParts) {
  const rules = createRules(parameters, numbering);
  const rows = createIndexRows(database);
  const backlog = createIndexBacklog(database);
  const unindexed = database.prepare(
    'SELECT r.seq, r.type, r.body FROM unindexed u JOIN resource r ON r.seq = u.seq WHERE r.live = 1',
  );
  /** True when rows wait that `unindexed` does not tell of. */
  let isUrgent = false;

  function write(): void {
    rows.write(backlog.cancelled());
    backlog.clear();
    isUrgent = false;
  }
  function flush(): void {
    if (backlog.size() > 0 || isUrgent) transactions.run(write);
  }
  function add(type: string, seq: bigint, resource: JsonObject): void {
    if (backlog.cancelled().has(seq)) flush();
    backlog.add(seq);
    forEachValue(rules.of(type), resource, (number, value) => rows.add(number, value, seq));
  }
  transactions.join({
    prepareCommit(): void {
      if (isUrgent || rows.size() + backlog.size() > longestBacklog) write();
      else backlog.note();
    },
    committed(): void {
      rows.commit();
      backlog.commit();
    },
    rolledBack(): void {
      isUrgent = false;
      rows.rollback();
      backlog.rollback();
    },
  });
  return {
    /** Notes the rows of a new version. */
    add,
    /** `resource` must be what was added under this `seq`: its rows are found by their whole key. */
    remove(type: string, seq: bigint, resource: JsonObject): void {
      if (backlog.has(seq)) backlog.cancel(seq);
      else
        forEachValue(rules.of(type), resource, (number, value) => rows.remove(number, value, seq));
    },
    useCustom: rules.useCustom,
    /** Notes the rows of one parameter only, for a version that is already stored. */
    addOne(parameter: SearchParameter, seq: bigint, resource: JsonObject): void {
      isUrgent = true;
      const only = indexRules([rules.numbered(parameter)]);
      forEachValue(only, resource, (number, value) => rows.add(number, value, seq));
    },
    /** Removes the rows of one parameter for versions before `below`. */
    forget(parameter: SearchParameter, below: bigint): void {
      flush();
      rows.drop(rules.numbered(parameter).number, below);
    },
    /** Brings the index tables up to date; to be called before anything reads them. */
    flush,
    /** Makes the rows again that waited when the process ended. */
    recover: (): void =>
      transactions.run(() => {
        for (const row of unindexed.all()) {
          const type = resourceTypes[Number(row['type'])] ?? '';
          add(type, rowNumber(row['seq']), parseStored(String(row['body'])));
        }
        flush();
      }),
  };
}

/** The rules by type: those of R4 and, on top, those of custom parameters. */
function createRules(parameters: SearchParameters, numbering: Numbering) {
  const numbered = (parameter: SearchParameter): NumberedParameter => ({
    number: numbering.numberOf(parameter.indexNames[0] ?? parameter.name),
    parameter,
  });
  const hasOwnRows = ({ indexNames }: SearchParameter) => indexNames.length === 1;
  const builtIn = new Map(
    [...parameters].map(
      ([type, ofType]) => [type, [...ofType.values()].filter(hasOwnRows).map(numbered)] as const,
    ),
  );
  const byType = new Map<string, IndexRules>();
  const none = indexRules([]);
  return {
    numbered,
    of: (type: string): IndexRules => byType.get(type) ?? none,
    /** Indexes everything written from now on by these parameters too, and no longer by earlier ones. */
    useCustom(custom: readonly SearchParameter[]): void {
      for (const [type, ofType] of builtIn) {
        const added = custom.filter((parameter) => parameter.type === type).map(numbered);
        byType.set(type, indexRules([...ofType, ...added]));
      }
    },
  };
}

export type IndexTables = ReturnType<typeof createIndexTables>;
