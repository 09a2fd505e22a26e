import { describe, expect, it } from 'vitest';
import { countInBatches } from '../../../shared/migration/count-types.ts';

const paths = Array.from({ length: 90 }, (_, index) => `Type${index}?_summary=count`);
const numberIn = (path: string): number => Number(/\d+/.exec(path)?.[0]);

interface Asked {
  readonly entry: readonly { readonly request: { readonly url: string } }[];
}

const answerTo = (bundle: string, status = '200') => {
  const { entry } = JSON.parse(bundle) as Asked;
  const text = JSON.stringify({
    resourceType: 'Bundle',
    entry: entry.map(({ request }) => ({
      response: { status },
      resource: { resourceType: 'Bundle', total: numberIn(request.url) },
    })),
  });
  return { status: 200, headers: new Headers(), text };
};

const never = async (): Promise<number> => {
  throw new Error('not asked one by one');
};

describe('counts of many types', () => {
  it('come in the order in which they were asked for, in few requests', async () => {
    let requests = 0;
    const post = async (bundle: string) => {
      requests += 1;
      return answerTo(bundle);
    };
    const counts = await countInBatches({ paths, post, one: never });
    expect(counts).toEqual(paths.map(numberIn));
    expect(requests).toBe(3);
  });

  it.each([
    ['takes no batch', async () => ({ status: 405, headers: new Headers(), text: '' })],
    ['answers a search with an error', async (bundle: string) => answerTo(bundle, '403')],
    ['answers no JSON', async () => ({ status: 200, headers: new Headers(), text: '<html>' })],
  ])('are asked one by one where the service %s', async (_case, post) => {
    const one = async (path: string) => numberIn(path);
    expect(await countInBatches({ paths, post, one })).toEqual(paths.map(numberIn));
  });

  it('a count that fails is a failure, never 0', async () => {
    const post = async () => ({ status: 500, headers: new Headers(), text: '' });
    await expect(countInBatches({ paths, post, one: never })).rejects.toThrow('one by one');
  });
});
