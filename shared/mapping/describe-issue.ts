import type { z } from 'zod';

/** What is wrong with a value of a map file, and how to put it right. */
export interface IssueText {
  readonly problem: string;
  readonly remedy: string;
}

/** Words for a schema issue that a person who writes maps, not code, can act on. */
export function describeIssue(issue: z.core.$ZodIssue): IssueText {
  switch (issue.code) {
    case 'unrecognized_keys':
      return {
        problem: `unknown key ${issue.keys.join(', ')}`,
        remedy: 'Remove it or correct its spelling; docs/maps.md lists the keys',
      };
    case 'invalid_value':
      return {
        problem: 'not one of the allowed values',
        remedy: `Use ${issue.values.map(String).join(', ')}`,
      };
    case 'invalid_union':
      return describeUnion(issue);
    case 'invalid_type':
      return issue.input === undefined
        ? {
            problem: 'missing or of the wrong type',
            remedy: `Give a value of type ${issue.expected}`,
          }
        : { problem: 'of the wrong type', remedy: `Give a value of type ${issue.expected}` };
    default:
      return {
        problem: trimmed(issue.message),
        remedy: 'See docs/maps.md for what is allowed here',
      };
  }
}

function describeUnion(issue: z.core.$ZodIssueInvalidUnion): IssueText {
  if (issue.discriminator === 'action') {
    return { problem: 'missing or unknown action', remedy: `Use one of: ${actions.join(', ')}` };
  }
  return { problem: 'none of the allowed forms', remedy: 'See docs/maps.md for the forms' };
}

const actions = [
  ...['Copy Data', 'Set Default Value', 'Mapped Value', 'Lookup', 'Lookup Codeable Concept'],
  'Expand (root maps only)',
];

function trimmed(message: string): string {
  return message.replace(/\.$/, '');
}
