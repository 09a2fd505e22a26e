import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

/**
 * `npm run build [-- DIR]`: compiles the app into a folder that can be deployed as
 * it is (`func azure functionapp publish` from there): JavaScript, maps, host.json
 * and a package.json with the run-time dependencies only.
 */
const root = fileURLToPath(new URL('..', import.meta.url));
const target = process.argv[2] ?? join(root, 'dist');

rmSync(target, { recursive: true, force: true });
mkdirSync(target, { recursive: true });
compile();
cpSync(join(root, 'maps'), join(target, 'maps'), { recursive: true });
cpSync(join(root, 'host.json'), join(target, 'host.json'));
writeFileSync(join(target, 'package.json'), `${JSON.stringify(manifest(), null, 2)}\n`);
process.stdout.write(`The app is in ${target}: install its dependencies there and publish it.\n`);

function compile(): void {
  const typescript = createRequire(import.meta.url).resolve('typescript/package.json');
  const compiler = join(dirname(typescript), 'bin', 'tsc');
  const project = join(root, 'tsconfig.build.json');
  execFileSync(process.execPath, [compiler, '--project', project, '--outDir', target], {
    stdio: 'inherit',
  });
}

function manifest(): object {
  const { name, version, type, license, dependencies } = JSON.parse(
    readFileSync(join(root, 'package.json'), 'utf8'),
  );
  const engines = { node: '>=22' };
  return {
    name,
    version,
    private: true,
    type,
    license,
    main: 'triggers/app.js',
    engines,
    dependencies,
  };
}
