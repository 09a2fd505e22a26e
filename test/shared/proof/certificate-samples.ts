import { generateKeyPairSync } from 'node:crypto';
import type { Certificate, CheckResult } from '../../../shared/proof/index.ts';
import { certificateOf, entry } from './proof-samples.ts';

export const three = () => ['a', 'b', 'c'].map((id) => entry({ id }));
export const small = (): Certificate =>
  certificateOf({ source: three, target: three }, { salt: 'ab' });
export const ed25519 = () => {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  return {
    privateKey: privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(),
    publicKey: publicKey.export({ format: 'pem', type: 'spki' }).toString(),
  };
};
export const problems = (result: CheckResult): readonly string[] =>
  result.kind === 'unreadable'
    ? [result.reason]
    : result.points.flatMap(({ problem }) => problem ?? []);
