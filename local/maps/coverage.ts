import type { Tool } from './index.ts';

export const coverage: Tool = async () => 0;
