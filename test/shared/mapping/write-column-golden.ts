/** `node test/shared/mapping/write-column-golden.ts` after a wanted change of a map; review the difference. */
import { loadMapFiles } from '../../../shared/mapping/index.ts';
import { writeGolden } from './column-golden.ts';
import { mapsFolder } from './maps-folder.ts';

writeGolden(await loadMapFiles(mapsFolder));
