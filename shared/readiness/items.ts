import type { ReadinessItem } from './contract.ts';

export const done = (title: string, found: string): ReadinessItem => ({
  title,
  status: 'done',
  found,
  action: null,
});

export const automatic = (title: string, found: string): ReadinessItem => ({
  title,
  status: 'automatic',
  found,
  action: null,
});

export const person = (title: string, found: string, action: string): ReadinessItem => ({
  title,
  status: 'person',
  found,
  action,
});

export const impossible = (title: string, found: string, action: string): ReadinessItem => ({
  title,
  status: 'impossible',
  found,
  action,
});
