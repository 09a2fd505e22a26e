export * from './outcome.ts';
export * from './resource-ending.ts';
