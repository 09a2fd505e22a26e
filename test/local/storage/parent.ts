import process from 'node:process';
import { startStorage } from '../../../local/storage/index.ts';

/** A parent to be killed: starts storage and tells its address. */
const { url } = await startStorage({ blobPort: 0, queuePort: 0, tablePort: 0 });
process.send?.(url);
