// Builds every pack of a folder, and of those in it, with the compiler of the SDK: node build.js FOLDER OUTPUT [PART PARTS]
'use strict';
const {existsSync, mkdirSync, readdirSync, readFileSync, statSync} = require('node:fs');
const {join, relative, resolve} = require('node:path');
require('@codahq/packs-sdk/dist/cli/config_storage'); // first: the two modules import each other
const {compilePackBundle} = require('@codahq/packs-sdk/dist/testing/compile');

const EXPORTED = /export const (pack|manifest)\b/;

function sources(folder) {
  const files = readdirSync(folder, {recursive: true}).filter(name => name.endsWith('.ts')).sort();
  return files.map(name => join(folder, name)).filter(file => EXPORTED.test(readFileSync(file, 'utf-8')));
}

function isNewer(made, source) {
  return existsSync(made) && statSync(made).mtimeMs > statSync(source).mtimeMs;
}

async function main(folder, output, part = 0, parts = 1) {
  for (const file of sources(folder).filter((_, at) => at % parts === Number(part))) {
    const outputDirectory = join(output, relative(folder, file).replace(/\.ts$/, '').replaceAll(/[\\/]/g, '-'));
    if (isNewer(join(outputDirectory, 'bundle.js'), file)) continue;
    mkdirSync(outputDirectory, {recursive: true});
    await compilePackBundle({
      manifestPath: resolve(file),
      outputDirectory,
      bundleFilename: 'bundle.js',
      intermediateOutputDirectory: join(outputDirectory, 'made'),
      minify: false,
      timerStrategy: file.endsWith('_with_vm.ts') ? 'fake' : 'none',
    });
  }
}

main(...process.argv.slice(2)).catch(error => {
  console.error(error);
  process.exit(1);
});
