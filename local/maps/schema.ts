import { mapJsonSchema } from '../../shared/mapping/index.ts';
import type { Tool } from './index.ts';

/** Prints the JSON Schema of map files, for `maps/map.schema.json`. */
export const schema: Tool = async (_args, { out }) => {
  out(JSON.stringify(mapJsonSchema(), undefined, 2));
  return 0;
};
