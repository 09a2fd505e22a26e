import { type FilterScope, propertyColumn } from './filter-sql.ts';
import type { Filter } from './filter-tree.ts';
import { literalValue } from './filter-values.ts';

/** How many rows an indexed condition selects, counted up to a bound; undefined without an index. */
export function conditionCost(filter: Filter, scope: FilterScope): number | undefined {
  if (filter.kind !== 'compare' && filter.kind !== 'list') {
    return undefined;
  }
  const property = filter.kind === 'list' ? filter.property : filter.left;
  if (property.kind !== 'property' || property.navigation !== undefined) {
    return undefined;
  }
  const column = propertyColumn(scope.table, property.name);
  const slot = scope.slotOf(column);
  const isId = column.name === scope.table.primaryId;
  if (filter.kind === 'list') {
    return filter.test === 'In' && (isId || slot !== undefined) ? 10 : undefined;
  }
  if (filter.operator !== 'eq' || filter.right.kind !== 'literal') {
    return undefined;
  }
  const value = literalValue(filter.right.literal, column);
  if (isId) {
    return 0;
  }
  return slot === undefined || value === undefined ? undefined : scope.selects(slot, String(value));
}
