import process from 'node:process';

process.send?.({ type: 'ready' });
process.disconnect?.();
